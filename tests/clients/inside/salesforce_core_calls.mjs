// Runs beside @salesforce/core, the library inside the CLI: carries out the flow that the first
// argument names (what `sf org login …` and `sf data query` do), and prints the result as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.CLIENT_MODULES + "/");
const { AuthInfo, Connection, Org } = require("@salesforce/core");

const order = JSON.parse(readFileSync(0, "utf8"));

async function told(authInfo) {
  await authInfo.save();
  const connection = await Connection.create({ authInfo });
  const org = await Org.create({ connection });
  const found = await connection.query("SELECT Id, Username FROM User ORDER BY Id LIMIT 3");
  await org.refreshAuth();
  const everything = await connection.autoFetchQuery("SELECT Id FROM User", { autoFetch: true, maxFetch: 10000 });
  return {
    fields: authInfo.getFields(),
    orgId: org.getOrgId(),
    version: await org.retrieveMaxApiVersion(),
    found: found.records,
    fetched: everything.records.length,
    total: everything.totalSize,
    isDevHub: await org.determineIfDevHubOrg(true),
  };
}

async function jwt() {
  const authInfo = await AuthInfo.create({
    username: order.username,
    oauth2Options: {
      clientId: order.client_id,
      privateKeyFile: order.private_key_file,
      loginUrl: order.url,
    },
  });
  return told(authInfo);
}

async function accessToken() {
  const authInfo = await AuthInfo.create({
    accessTokenOptions: { accessToken: order.token, instanceUrl: order.url, loginUrl: order.url },
  });
  return told(authInfo);
}

const flows = { jwt, accessToken };
const result = await flows[process.argv[2]]();
process.stdout.write(JSON.stringify(result));
