// Runs beside salesforce-pubsub-api-client: subscribes as the order on standard input says, waits
// for so many events and prints them as JSON. What there is to hear is set off by "listening".
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.CLIENT_MODULES + "/");
const { default: Client } = require("salesforce-pubsub-api-client");

const order = JSON.parse(readFileSync(0, "utf8"));
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const client = new Client(
  {
    authType: "user-supplied",
    accessToken: order.token,
    instanceUrl: order.url,
    organizationId: order.organization,
    pubSubEndpoint: order.endpoint,
    rejectUnauthorizedSsl: false,
  },
  silent,
);
const readable = (_, value) => (typeof value === "bigint" ? Number(value) : value);
const listening = async () => {
  const open = async () => (await (await fetch(`${order.url}/__control__/events`)).json()).streams.length;
  while ((await open()) === 0) await new Promise((done) => setTimeout(done, 20));
};
const edit = async ({ id, fields }) =>
  fetch(`${order.url}/services/data/v62.0/sobjects/User/${id}`, {
    method: "PATCH",
    headers: {
      Authorization: `Bearer ${order.token}`,
      "Content-Type": "application/json",
      "Sforce-Call-Options": "client=license-sync",
    },
    body: JSON.stringify(fields),
  });

const told = { events: [], keepalives: 0, ends: 0 };
const finished = new Promise((done, failed) => {
  const heard = (_, kind, data) => {
    if (kind === "event") told.events.push(data);
    if (kind === "grpcKeepAlive") told.keepalives += 1;
    if (kind === "end") told.ends += 1;
    if (kind === "error") failed(data);
    if (kind === order.until) done();
    if (kind === "lastEvent" && !order.until) done();
    if (kind === "event" && order.forever && told.events.length >= order.count) done();
  };
  const asked = order.forever ? null : order.count;
  client.connect().then(async () => {
    if (order.managed) await client.subscribeWithManagedSubscription(order.managed, heard, asked);
    else if (order.replayId) client.subscribeFromReplayId(order.topic, heard, asked, order.replayId);
    else if (order.earliest) client.subscribeFromEarliestEvent(order.topic, heard, asked);
    else client.subscribe(order.topic, heard, asked);
    await listening();
    for (const change of order.edits ?? []) await edit(change);
  }).catch(failed);
});

const failure = (error) => ({
  code: error.code,
  message: error.message,
  trailers: error.metadata?.getMap?.() ?? {},
});

let result;
try {
  await finished;
  if (order.commit) {
    client.commitReplayId(order.commit, told.events.at(-1).replayId);
    await new Promise((done) => setTimeout(done, 300));
  }
  result = told;
} catch (error) {
  result = { failed: failure(error) };
}
process.stdout.write(JSON.stringify(result, readable), () => process.exit(0));
