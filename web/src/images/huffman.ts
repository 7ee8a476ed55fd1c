/** Huffman tables and the bits of a scan: what the sequential codings of JPEG share (ITU-T T.81). */

/** A Huffman table as three looks: up to each length the highest code, and where its symbols begin. */
export interface HuffmanTable {
  readonly highest: Int32Array;
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

/** Adds the tables of a DHT segment (T.81 B.2.4.2) under their class, 0 DC or 16 AC, plus number. */
export function readHuffman(content: Uint8Array, tables: Map<number, HuffmanTable>): void {
  for (let at = 0; at < content.length; ) {
    const counts = content.subarray(at + 1, at + 17);
    const n = counts.reduce((sum, count) => sum + count, 0);
    if (at + 17 + n > content.length) throw new Error('a table breaks off');
    tables.set(content[at], huffmanTable(counts, content.subarray(at + 17, at + 17 + n)));
    at += 17 + n;
  }
}

/** T.81 C.2 and F.2.2.3: codes of one length are consecutive, the shorter ones first. */
function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const highest = new Int32Array(17).fill(-1);
  const offset = new Int32Array(17);
  for (let length = 1, code = 0, place = 0; length <= 16; length++, code <<= 1) {
    offset[length] = place - code;
    code += counts[length - 1];
    place += counts[length - 1];
    if (code > 2 ** length) throw new Error('more codes than there can be');
    if (counts[length - 1] > 0) highest[length] = code - 1;
  }
  return { highest, offset, symbols };
}

/** The bits of a scan, without the zeros that stand behind each 0xFF. Past its end it throws. */
export class Bits {
  private at = 0;
  private current = 0;
  private left = 0;

  constructor(private readonly bytes: Uint8Array) {}

  symbol({ highest, offset, symbols }: HuffmanTable): number {
    for (let code = 0, length = 1; length <= 16; length++) {
      code = 2 * code + this.bit();
      if (code > highest[length]) continue;
      const symbol = symbols[code + offset[length]];
      if (symbol !== undefined) return symbol;
    }
    throw new Error('no such code');
  }

  /** A number of `size` bits, of which the lower half is negative (T.81 F.2.2.1). */
  signed(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = 2 * value + this.bit();
    return size > 0 && value < 2 ** (size - 1) ? value - 2 ** size + 1 : value;
  }

  /** On to the next restart marker, which must stand here. */
  restart(): void {
    const isMarker = this.bytes[this.at] === 0xff && (this.bytes[this.at + 1] & 0xf8) === 0xd0;
    if (!isMarker) throw new Error('no restart marker');
    this.at += 2;
    this.left = 0;
  }

  /** Refuses bytes that nobody asked for: the scan went astray. */
  finish(): void {
    if (this.at < this.bytes.length) throw new Error('bytes are left over');
  }

  private bit(): number {
    if (this.left === 0) {
      if (this.at >= this.bytes.length) throw new Error('the scan breaks off');
      this.current = this.bytes[this.at++];
      if (this.current === 0xff && this.bytes[this.at++] !== 0) throw new Error('a marker within the scan');
      this.left = 8;
    }
    this.left--;
    return (this.current >> this.left) & 1;
  }
}
