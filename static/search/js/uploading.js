/** One file on its way, by tus: goes on after a cut, a reload or hours offline. `window.tus` is tus-js-client. */
const PATIENT = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 60_000, 60_000, 60_000];

function sentence(error) {
  const body = error.originalResponse?.getBody?.();
  try {
    return JSON.parse(body).error.message;
  } catch {
    return "The server cannot be reached. Choose the file again to go on where it stopped.";
  }
}

export class Uploading {
  told = () => {};
  #file;
  #options;
  #upload = null;
  #stop = null;

  /** dataset: where it belongs; without one it is an encoder. kept: the id of an earlier upload that is to be gone on with */
  constructor(file, { dataset, token, chunk, kept }) {
    this.#file = file;
    this.#options = {
      endpoint: "/api/v1/uploads/", chunkSize: chunk, retryDelays: PATIENT, removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, ...(dataset ? { dataset } : { for: "models" }) }, headers: { "X-CSRFToken": token },
      fingerprint: async () => ["lookalike", dataset ?? "models", file.name, file.size, file.lastModified].join("/"),
      ...(kept && { uploadUrl: `/api/v1/uploads/${kept}` }),
    };
  }

  /** The upload's id, once the whole file has arrived; rejects with a sentence for the person. */
  send() {
    return new Promise((resolve, reject) => {
      this.#stop = () => reject(new Error("Stopped."));
      this.#upload = new window.tus.Upload(this.#file, {
        ...this.#options,
        onProgress: (done, total) => this.told(done, total, !navigator.onLine),
        onError: (error) => reject(new Error(sentence(error))),
        onSuccess: () => resolve(this.#upload.url.split("/").at(-1)),
        onShouldRetry: (error) => {
          this.told(this.#upload._offset ?? 0, this.#file.size, true);
          const status = error.originalResponse?.getStatus() ?? 0;
          return status === 0 || status >= 500 && status !== 507 || [408, 409, 423, 429, 460].includes(status);
        },
      });
      this.#begin();
    });
  }

  async #begin() {
    const earlier = this.#options.uploadUrl ? [] : await this.#upload.findPreviousUploads();
    if (earlier.length) this.#upload.resumeFromPreviousUpload(earlier[0]);
    this.#upload.start();
  }

  /** Ends it here and on the server. */
  async stop() {
    this.#stop?.();
    await this.#upload?.abort(true).catch(() => null); // without a connection the server tidies it away later
  }
}
