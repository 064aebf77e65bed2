// The identity provider: `node provider.mjs NODE_MODULES CLIENTS_JSON`; prints its issuer and runs until it is stopped.
// Everybody is let in: `GET /next?account=A&amr=pwd,mfa` says who comes next, and how they signed in.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, clients] = process.argv.slice(2);
const resolved = createRequire(join(modules, "resolver.js")).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(resolved));

const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const next = { accountId: "nobody", amr: ["pwd"] };

const kinds = [["rsa", { modulusLength: 2048 }], ["ec", { namedCurve: "P-256" }], ["ed25519", {}]];
const keys = kinds.map(([kind, options]) => {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: "jwk" }), use: "sig", kid: kind };
});

const provider = new Provider(issuer, {
  clients: JSON.parse(clients),
  claims: { openid: ["sub", "amr"] },
  cookies: { keys: ["for one test"] },
  conformIdTokenClaims: false,
  enabledJWA: {
    clientAuthSigningAlgValues: ["ES256"],
    idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"],
  },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  jwks: { keys },
  interactions: { url: (_, interaction) => `/let-in/${interaction.uid}` },
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
  pkce: { required: () => true },
});
const answer = provider.callback();

server.on("request", async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  if (pathname === "/next") {
    next.accountId = searchParams.get("account");
    next.amr = searchParams.get("amr").split(",");
    response.end();
  } else if (pathname.startsWith("/let-in/")) {
    await provider.interactionFinished(request, response, { login: { ...next, remember: false } });
  } else {
    answer(request, response);
  }
});
console.log(issuer);
