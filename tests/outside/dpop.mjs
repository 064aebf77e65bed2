// The OAuth peer: `node dpop.mjs NODE_MODULES URL CLIENT_ID JWK ALG PATH`; prints JSON.
// Gets a token with private_key_jwt, bound to a key of the algorithm ALG (RFC 9449), and reads PATH with it:
// as it should; with the proof of another key; and with the same token as a bearer's.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, url, clientId, jwk, alg, path] = process.argv.slice(2);
const resolved = createRequire(join(modules, "resolver.js")).resolve("oauth4webapi");
const oauth = await import(pathToFileURL(resolved));

const { kid, ...own } = JSON.parse(jwk);
const kinds = {
  OKP: "Ed25519",
  EC: { name: "ECDSA", namedCurve: own.crv },
  RSA: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
};
const key = await crypto.subtle.importKey("jwk", { ...own, alg: undefined }, kinds[own.kty], false, ["sign"]);
const server = { issuer: "tre-linkage", token_endpoint: `${url}/token` };
const client = { client_id: clientId };
const insecure = { [oauth.allowInsecureRequests]: true }; // loopback
const authentication = oauth.PrivateKeyJwt({ key, kid }, {
  [oauth.modifyAssertion]: (header) => { header.typ = "client-authentication+jwt"; },
});

const proving = oauth.DPoP(client, await oauth.generateKeyPair(alg));
const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, {}, {
  ...insecure,
  DPoP: proving,
});
const token = await oauth.processClientCredentialsResponse(server, client, answer);

async function read(options, scheme) {
  try {
    const target = new URL(path, url);
    const found = await oauth.protectedResourceRequest(
      token.access_token, "GET", target, scheme, null, { ...insecure, ...options },
    );
    return found.status;
  } catch (fault) {
    return { status: fault.status, schemes: fault.cause?.map?.((challenge) => challenge.scheme) };
  }
}

const stranger = oauth.DPoP(client, await oauth.generateKeyPair(alg));
console.log(JSON.stringify({
  kind: token.token_type,
  read: await read({ DPoP: proving }),
  again: await read({ DPoP: proving }),
  stranger: await read({ DPoP: stranger }),
  bearer: await read({}),
}));
