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

async function logins() {
  const app = { loginUrl: order.url, clientId: order.client_id, clientSecret: order.client_secret };
  const ask = (conn) => conn.query("SELECT Id FROM User LIMIT 1").then((found) => found.totalSize);

  const soap = new jsforce.Connection({ loginUrl: order.url, version: "59.0" });
  const user = await soap.login(order.username, order.password + order.security_token);
  const soapFound = await ask(soap);
  await soap.logout();

  const oauth = new jsforce.Connection({ oauth2: app, version: "59.0" });
  await oauth.login(order.username, order.password + order.security_token);
  const oauthFound = await ask(oauth);

  const refreshing = new jsforce.Connection({
    oauth2: app,
    instanceUrl: order.url,
    accessToken: "00Dnonsense!expired",
    refreshToken: order.refresh_token,
    version: "59.0",
  });
  const refreshFound = await ask(refreshing);
  const kept = refreshing.accessToken;
  await refreshing.logout();
  const after = new jsforce.Connection({ instanceUrl: order.url, accessToken: kept, version: "59.0" });

  const wrong = new jsforce.Connection({ loginUrl: order.url, version: "59.0" });
  return {
    user,
    soapFound,
    oauthFound,
    refreshFound,
    afterLogout: await attempt(ask(after)),
    wrong: await attempt(wrong.login(order.username, "wrong")),
  };
}

async function bulk() {
  const conn = connect();
  conn.bulk2.pollInterval = 100;
  conn.bulk2.pollTimeout = 30000;
  const [one, two] = order.ids;
  const loaded = await conn.bulk2.loadAndWaitForResults({
    object: "User",
    operation: "update",
    input: [
      { Id: one, Title: "bulk, “one”" },
      { Id: two, Title: null },
      { Id: "0055f000005mc66AAA", Title: "nobody" },
    ],
  });
  const stream = await conn.bulk2.query(`SELECT Id, Title FROM User WHERE Id IN ('${one}', '${two}')`);
  const rows = await stream.toArray();
  return { loaded, rows };
}

async function bulk1() {
  const conn = connect();
  conn.bulk.pollInterval = 50;
  conn.bulk.pollTimeout = 30000;
  const [one, two] = order.ids;
  const rows = [{ Id: one, Title: "classic, “one”" }, { Id: two, Title: null }, { Id: one, Title: "x".repeat(200) }];
  const loaded = await conn.bulk.load("User", "update", rows);
  const stream = await conn.bulk.query("SELECT Id, Title, Name FROM User");
  const found = [];
  await new Promise((resolve, reject) => {
    stream.on("record", (record) => found.push(record)).on("end", resolve).on("error", reject);
  });
  let refreshed = 0;
  const expired = connect({
    accessToken: "00Dnonsense!expired",
    refreshFn: (_, done) => {
      refreshed += 1;
      done(null, order.token);
    },
  });
  const job = expired.bulk.createJob("User", "query");
  const opened = await job.open();
  const checked = await job.check();
  const aborted = await job.abort();
  const again = expired.bulk.job(opened.id);
  const refused = await attempt(again.close());
  const wrong = await attempt(conn.bulk.createJob("Nothing__c", "insert").open());
  return { loaded, found, refreshed, checked, aborted, refused, wrong };
}

const flows = { query, describe, records, refresh, logins, bulk, bulk1 };
const result = await flows[process.argv[2]]();
process.stdout.write(JSON.stringify(result));
