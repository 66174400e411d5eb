// Audits a GraphQL server against the GraphQL-over-HTTP specification.
// Usage: node audit.mjs URL        exit code 0: no error and no warning, 1: some, 2: no URL given
import { auditServer } from "graphql-http";

const url = process.argv[2];
if (url === undefined) {
  console.error("usage: node audit.mjs URL");
  process.exit(2);
}

const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
for (const result of await auditServer({ url })) {
  counts[result.status] += 1;
  if (result.status !== "ok") {
    console.log(`${result.status}  ${result.id}  ${result.name}: ${result.reason}`);
  }
  await result.response?.body?.cancel();
}
console.log(Object.entries(counts).map(([status, count]) => `${status} ${count}`).join(", "));
process.exit(counts.warn + counts.error === 0 ? 0 : 1);
