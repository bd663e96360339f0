"""Where to go after signing in: to a page of ours, whatever the link said."""

from urllib.parse import urlsplit

LONGEST = 2000


def own_path(wanted: str, origins: tuple[str, ...]) -> str | None:
    r"""The path of a page of ours; None for everything else.

    Browsers read `\` as `/` and drop line breaks, so that neither is taken
    (https://url.spec.whatwg.org/#concept-basic-url-parser).
    """
    if len(wanted) > LONGEST or "\\" in wanted or not wanted.isprintable() or " " in wanted:
        return None
    if not wanted.startswith("/"):
        origin = next((one for one in origins if wanted.startswith(f"{one}/")), None)
        if origin is None:
            return None
        wanted = wanted[len(origin) :]
    try:
        elsewhere = wanted.startswith("//") or bool(urlsplit(wanted).netloc)
    except ValueError:
        return None
    return None if elsewhere else wanted
