/**
 * The fingerprint of a log, as `EventLog.fingerprint` in sim/events.py makes it.
 *
 * SHA-256 (FIPS 180-4, 2015) is written out: a browser's own one answers later, and not on a page from plain http.
 */

// The first 32 bits of what follows the point in the square roots of the first 8 primes, the cube roots of the first 64.
// biome-ignore format: a table
const START = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
// biome-ignore format: a table
const ROUNDS = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
const ROW_BYTES = 18;
const BLOCK_BYTES = 64;

/**
 * The first 16 hex digits of the SHA-256 of all rows.
 * @param {import("./contract.js").Log} log
 */
function fingerprint(log) {
  return sha256(packed(log)).slice(0, 16);
}

/**
 * All rows in a fixed little-endian form: time, order, bot, kind and class, whose NONE is the byte 255.
 * @param {import("./contract.js").Log} log
 */
function packed(log) {
  const bytes = new Uint8Array(log.time.length * ROW_BYTES);
  const view = new DataView(bytes.buffer);
  for (let row = 0, offset = 0; row < log.time.length; row += 1, offset += ROW_BYTES) {
    // Bit operations would cut a time to 32 bits.
    view.setUint32(offset, log.time[row] % 2 ** 32, true);
    view.setUint32(offset + 4, Math.floor(log.time[row] / 2 ** 32), true);
    view.setInt32(offset + 8, log.order[row], true);
    view.setInt32(offset + 12, log.bot[row], true);
    view.setUint8(offset + 16, log.kind[row]);
    view.setInt8(offset + 17, log.order_class[row]);
  }
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} 64 hex digits
 */
function sha256(bytes) {
  const blocks = Math.ceil((bytes.length + 9) / BLOCK_BYTES); // a bit that ends the bytes, and 8 bytes for their number
  const message = new Uint8Array(blocks * BLOCK_BYTES);
  message.set(bytes);
  message[bytes.length] = 0x80;
  const view = new DataView(message.buffer);
  view.setUint32(message.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(message.length - 4, bytes.length * 8); // modulo 2^32

  const hash = START.slice();
  const words = new Int32Array(ROUNDS.length);
  for (let offset = 0; offset < message.length; offset += BLOCK_BYTES) {
    for (let round = 0; round < ROUNDS.length; round += 1) {
      words[round] = round < 16 ? view.getInt32(offset + round * 4) : extended(words, round);
    }
    compress(hash, words);
  }
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * @param {Int32Array} words
 * @param {number} round
 */
function extended(words, round) {
  const early = words[round - 15];
  const late = words[round - 2];
  const smallEarly = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
  const smallLate = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
  return words[round - 16] + smallEarly + words[round - 7] + smallLate;
}

/**
 * Take one block into the hash; the letters are those of the standard.
 * @param {Int32Array} hash
 * @param {Int32Array} words
 */
function compress(hash, words) {
  let [a, b, c, d, e, f, g, h] = hash;
  for (let round = 0; round < ROUNDS.length; round += 1) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const first = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + choice + ROUNDS[round] + words[round];
    const second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + majority;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((letter, place) => {
    hash[place] += letter;
  });
}

/**
 * @param {number} word
 * @param {number} bits
 */
function rotated(word, bits) {
  return (word >>> bits) | (word << (32 - bits));
}

export { fingerprint };
