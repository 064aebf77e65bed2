// The tus peer: `node tus.mjs NODE_MODULES COMMAND URL TOKEN [FILE CHUNK_BYTES]`; prints JSON.
//   upload     sends FILE to the endpoint URL
//   interrupt  the same, and stops after the first chunk
//   resume     goes on with the upload at URL
//   terminate  ends the upload at URL
import { createRequire } from "node:module";
import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";

const [modules, command, url, token, file, chunkSize] = process.argv.slice(2);
const tus = createRequire(join(modules, "resolver.js"))("tus-js-client");
const headers = { authorization: `Bearer ${token}` };
const statuses = [];
const onAfterResponse = (request, response) => {
  statuses.push(`${request.getMethod()} ${response.getStatus()}`);
};

function send(where) {
  return new Promise((resolve) => {
    const upload = new tus.Upload(createReadStream(file), {
      ...where,
      headers,
      onAfterResponse,
      chunkSize: Number(chunkSize),
      uploadSize: statSync(file).size,
      metadata: { filename: "delivery.tresub" },
      retryDelays: [100, 100, 100],
      onChunkComplete: async () => {
        if (command === "interrupt") {
          await upload.abort();
          resolve({ url: upload.url, statuses });
        }
      },
      onError: (fault) => resolve({ failed: fault.originalResponse?.getStatus() ?? String(fault), statuses }),
      onSuccess: () => resolve({ url: upload.url, statuses }),
    });
    upload.start();
  });
}

const commands = {
  upload: () => send({ endpoint: url }),
  interrupt: () => send({ endpoint: url }),
  resume: () => send({ endpoint: url.replace(/uploads\/.*/, "projects/none/uploads"), uploadUrl: url }),
  async terminate() {
    try {
      await tus.Upload.terminate(url, { headers, onAfterResponse, retryDelays: null });
      return { url, statuses };
    } catch (fault) {
      return { failed: fault.originalResponse.getStatus(), statuses };
    }
  },
};

process.stdout.write(JSON.stringify(await commands[command]()));
