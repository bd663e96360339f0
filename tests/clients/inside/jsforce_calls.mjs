// Runs beside jsforce: carries out the flow that the first argument names, with the order on
// standard input, and prints what came back as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.CLIENT_MODULES + "/");
const jsforce = require("jsforce");

const order = JSON.parse(readFileSync(0, "utf8"));
const connect = (more = {}) =>
  new jsforce.Connection({
    instanceUrl: order.url,
    accessToken: order.token,
    version: "59.0",
    ...more,
  });
const failure = (error) => ({ code: error.errorCode ?? error.name, message: error.message });
const attempt = (promise) => promise.then((value) => ({ value }), (error) => ({ error: failure(error) }));

async function query() {
  const conn = connect();
  const first = await conn.query("SELECT Id FROM User ORDER BY Id");
  const all = await conn.query("SELECT Id FROM User ORDER BY Id").autoFetch(true).maxFetch(10000).execute();
  const scanned = await conn.query("SELECT Id FROM User ORDER BY Id", { scanAll: true }).autoFetch(true).maxFetch(10000).execute();
  const found = await conn.sobject("User").find({ IsActive: true, UserType: "Standard" }, ["Id", "Name", "Profile.Name"]).limit(5);
  const count = await conn.sobject("User").count({ IsActive: true });
  const wrong = await attempt(conn.query("SELECT Id FROM Nothing__c").execute());
  return { first, all, scanned, found, count, wrong, limitInfo: conn.limitInfo };
}

async function describe() {
  const conn = connect();
  return {
    everything: await conn.describeGlobal(),
    user: await conn.sobject("User").describe(),
    limits: await conn.limits(),
    versions: await conn.request("/services/data"),
    root: await conn.request(`/services/data/v${conn.version}`),
    identity: await conn.identity(),
  };
}

async function records() {
  const conn = connect();
  const user = conn.sobject("User");
  const [one, two] = order.ids;
  const now = Date.now();
  return {
    updated: await user.update({ Id: one, Title: "señor 王" }),
    read: await user.retrieve(one),
    several: await user.update([{ Id: one, Title: "first" }, { Id: two, Title: "second" }]),
    retrieved: await user.retrieve([one, two]),
    missing: await attempt(user.retrieve("0055f000005mc66AAA")),
    refused: await attempt(user.update({ Id: one, Nope__c: 1 })),
    changes: await user.updated(new Date(now - 300000), new Date(now + 120000)),
    deletions: await user.deleted(new Date(now - 300000), new Date(now)),
  };
}

async function refresh() {
  let refreshed = 0;
  const conn = connect({
    accessToken: "00Dnonsense!expired",
    refreshFn: (_, done) => {
      refreshed += 1;
      done(null, order.token);
    },
  });
  const found = await conn.query("SELECT Id FROM User LIMIT 1");
  return { refreshed, found };
}

const flows = { query, describe, records, refresh };
const result = await flows[process.argv[2]]();
process.stdout.write(JSON.stringify(result));
