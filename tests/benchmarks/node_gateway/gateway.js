// What a team would write in an afternoon: verify the caller's token, pass the request on. No other check is made.
// PORT, UPSTREAM (base address), KEYS (a file with the public key set)

import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";

import proxy from "@fastify/http-proxy";
import jwt from "@fastify/jwt";
import Fastify from "fastify";

const { PORT, UPSTREAM, KEYS } = process.env;
const [key] = JSON.parse(readFileSync(KEYS, "utf8")).keys;
const pem = createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" });

const app = Fastify({ logger: false });
await app.register(jwt, { secret: { public: pem }, verify: { algorithms: ["EdDSA"], allowedAud: "anlan" } });
app.get("/readyz", async () => ({ status: "ok" }));
await app.register(proxy, { upstream: UPSTREAM, prefix: "/v1", rewritePrefix: "/v1", preHandler: (request) => request.jwtVerify() });
await app.listen({ host: "127.0.0.1", port: Number(PORT) });
