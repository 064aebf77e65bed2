// The age peer: `node age.mjs NODE_MODULES COMMAND [KEY]`, data on standard input and output.
//   vectors          all vectors of cctv-age as JSON, name to base64
//   keygen           a new hybrid identity and its recipient, one a line
//   seal RECIPIENT…  seals standard input
//   open IDENTITY    opens standard input
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, command, ...keys] = process.argv.slice(2);
const { resolve } = createRequire(join(modules, "resolver.js"));
const load = (name) => import(pathToFileURL(resolve(name)));

const commands = {
  async vectors() {
    const vectors = Object.entries({ ...(await load("cctv-age")) });
    return JSON.stringify(Object.fromEntries(vectors.map(([k, v]) => [k, Buffer.from(v).toString("base64")])));
  },
  async keygen() {
    const age = await load("age-encryption");
    const identity = await age.generateHybridIdentity();
    return `${identity}\n${await age.identityToRecipient(identity)}`;
  },
  async seal() {
    const { Encrypter } = await load("age-encryption");
    const encrypter = new Encrypter();
    keys.forEach((key) => encrypter.addRecipient(key));
    return encrypter.encrypt(readFileSync(0));
  },
  async open() {
    const { Decrypter } = await load("age-encryption");
    const decrypter = new Decrypter();
    decrypter.addIdentity(keys[0]);
    return decrypter.decrypt(readFileSync(0));
  },
};

process.stdout.write(await commands[command]());
