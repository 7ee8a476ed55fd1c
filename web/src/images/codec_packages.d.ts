/** The codec packages come without types; these are the parts that codecs.ts uses. */

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const factory: import('./codecs').MachineFactory;
  export default factory;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const factory: import('./codecs').MachineFactory;
  export default factory;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const factory: import('./codecs').MachineFactory;
  export default factory;
}
