# One image; the command chooses the process:
#   license-sync worker --queue live | worker --queue bulk | worker --queue slow | beat | listen | migrate | up | check | …
#   python -m simulator …
# Nothing secret is copied in or built in: settings come from the environment and from files at run time.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS requirements
COPY requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/venv \
 && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --no-deps --requirement /tmp/requirements.lock

FROM ${PYTHON_IMAGE}
# The fixed uid is the one that volumes and secret files are made readable for. Its name says that no person
# gave a command: whoever decides something sets LICENSE_SYNC_ADMIN.
RUN groupadd --gid 10001 app \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/license-sync \
        --shell /usr/sbin/nologin app \
 && install --directory --owner 10001 --group 10001 --mode 0700 \
        /var/lib/license-sync /var/lib/simulator
COPY --from=requirements /opt/venv /opt/venv
# The code is run from where it lies, and nobody but root may change it: no build tool is fetched.
COPY pyproject.toml /app/
COPY admin /app/admin
COPY cli /app/cli
COPY config /app/config
COPY eventbus /app/eventbus
COPY migrations /app/migrations
COPY simulator /app/simulator
COPY sfdx /app/sfdx
COPY sync /app/sync
COPY worker /app/worker
RUN printf '#!/opt/venv/bin/python\nfrom cli.__main__ import run\n\nrun()\n' > /opt/venv/bin/license-sync \
 && chmod 0755 /opt/venv/bin/license-sync \
 && /opt/venv/bin/python -m compileall -q /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REMAP_SIGTERM=SIGQUIT \
    LICENSE_SYNC_STATE_DIR=/var/lib/license-sync \
    LICENSE_SYNC_LOG_FORMAT=json
# Celery looks for code in the working directory: it is the code's own, which only root may write.
WORKDIR /app
USER 10001:10001
# Health is progress, which differs by process: docker-compose.yml asks for each (`license-sync health`).
CMD ["license-sync", "--help"]
