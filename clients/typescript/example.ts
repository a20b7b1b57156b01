// What a frontend does first: sign in, look at the inbox, take a report, decide.
// Every path, parameter and member is checked against the generated types; nothing here is written twice.
//
//   ANLAN_URL=http://127.0.0.1:8000 ANLAN_LOGIN=… ANLAN_PASSWORD=… node example.ts

import { randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";

import createClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./generated/anlan.d.ts";

type Anlan = Client<paths>;
type Problem = components["schemas"]["Problem"];
type WorkItem = components["schemas"]["WorkItemOut"];
type Report = components["schemas"]["ReportClaim"];

/** A refusal. Branch on `code`, show `detail`, quote `request_id`. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail} (${problem.request_id})`);
    this.problem = problem;
  }
}

/** What was answered, or the refusal thrown. */
function answered<Data>(result: { data?: Data; error?: Problem; response: Response }): Data {
  if (result.error !== undefined) throw new Refused(result.error);
  if (result.data === undefined) throw new Error(`${result.response.status} without content`);
  return result.data;
}

/** A client whose every request carries the token of this sign-in. */
export async function signIn(baseUrl: string, login: string, password: string): Promise<Anlan> {
  const client: Anlan = createClient<paths>({ baseUrl });
  const session = answered(await client.POST("/v1/session", { body: { login, password } }));
  client.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${session.access_token}`);
      return request;
    },
  });
  return client;
}

/** What this caller has to do, the most urgent first. */
export async function workInbox(client: Anlan): Promise<WorkItem[]> {
  return answered(await client.GET("/v1/work-items", {})).items;
}

/** Take a first notice of loss. One key for each intent: a repeat after a lost answer reports nothing twice. */
export async function reportClaim(client: Anlan, report: Report, key: string = randomUUID()) {
  const header = { "Idempotency-Key": `"${key}"` };
  return answered(await client.POST("/v1/claims", { params: { header }, body: report }));
}

/** Decide on the claim as it was seen: `version` and `sheetVersion` are those that were shown. */
export async function approve(client: Anlan, claimId: string, version: number, amount: string, sheetVersion: number) {
  const header = { "Idempotency-Key": `"${randomUUID()}"`, "If-Match": `"${version}"` };
  const body = {
    kind: "decision" as const, outcome: "approve" as const, amount, sheet_version: sheetVersion,
    reason: "责任成立，金额核实无误。", clause_ids: ["PL-02"],
  };
  const params = { path: { claim_id: claimId }, header };
  return answered(await client.POST("/v1/claims/{claim_id}/approvals", { params, body }));
}

async function main(): Promise<void> {
  const { ANLAN_URL: url, ANLAN_LOGIN: login, ANLAN_PASSWORD: password } = process.env;
  if (!url || !login || !password) throw new Error("Set ANLAN_URL, ANLAN_LOGIN and ANLAN_PASSWORD.");
  const client = await signIn(url, login, password);
  const inbox = await workInbox(client);
  console.log(`${inbox.length} open items`);
  const reported = await reportClaim(client, {
    channel: "phone",
    reporter: { name: "王建国", phone: "13800138000", relation: "safety_officer" },
    loss_at: new Date(Date.now() - 3_600_000).toISOString(),
    place: "三号车间第4工位",
    description: "操作工右手被卷入设备，已送医治疗，现场已停机保护。",
    injured_count: 1,
  });
  console.log(`reported as ${reported.claim_no}`);
  const claimId = reported.id;
  if (claimId === undefined || claimId === null) return;
  const { data: claim } = await client.GET("/v1/claims/{claim_id}", { params: { path: { claim_id: claimId } } });
  const decide = claim?.available_actions?.find((one) => one.action === "approve");
  console.log(decide?.allowed ? "may be decided now" : `not to be decided: ${JSON.stringify(decide?.reason ?? null)}`);
  try {
    await approve(client, claimId, claim?.version ?? 1, "46800.00", 1);
  } catch (refusal) {
    if (!(refusal instanceof Refused)) throw refusal;
    console.log(`refused as told: ${refusal.problem.code}`);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
