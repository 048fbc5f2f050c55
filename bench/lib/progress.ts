/** Prints how far it is: this takes minutes to hours, depending on the device. */
export function sayProgress(): (text: string) => void {
  const start = performance.now();
  let last = '';
  return (text) => {
    if (text === last) return;
    last = text;
    console.log(`${((performance.now() - start) / 1000).toFixed(0).padStart(6)} s  ${text}`);
  };
}
