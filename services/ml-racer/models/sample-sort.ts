/**
 * scikit-learn's sort of a node's samples by one feature. Which of two equal values comes first decides in which order
 * targets are summed, and so the last bit of a prediction: the algorithm is repeated swap by swap.
 *
 * Up to 15 elements: insertion sort, stable. More: introsort (D. Musser, Introspective sorting and selection algorithms,
 * Software: Practice and Experience 27(8), 1997) with a three-way partition around the median of three, not stable.
 */

/** From this length on an array is partitioned before it is sorted by insertion. */
export const INSERTION_LENGTH_MAX = 15;

/**
 * Sorts `length` values from `start` on into ascending order and moves the samples with them.
 * @param values  no NaN
 * @param samples row numbers, permuted like the values
 */
export function sortSamples(values: Float32Array, samples: Int32Array, start: number, length: number): void {
  if (length < 2) return;
  introsort(values, samples, start, length, 2 * (31 - Math.clz32(length)));
}

function introsort(values: Float32Array, samples: Int32Array, start: number, length: number, budget: number): void {
  let from = start;
  let left = length;
  let partitions = budget;
  while (left > INSERTION_LENGTH_MAX) {
    if (partitions <= 0) {
      heapsort(values, samples, from, left);
      return;
    }
    partitions--;
    const pivot = medianOfThree(values[from], values[from + (left >> 1)], values[from + left - 1]);
    let i = 0;
    let lower = 0;
    let upper = left;
    while (i < upper) {
      const value = values[from + i];
      if (value < pivot) swap(values, samples, from + i++, from + lower++);
      else if (value > pivot) swap(values, samples, from + i, from + --upper);
      else i++;
    }
    introsort(values, samples, from, lower, partitions);
    from += upper;
    left -= upper;
  }
  insertionSort(values, samples, from, left);
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function insertionSort(values: Float32Array, samples: Int32Array, start: number, length: number): void {
  for (let i = start + 1; i < start + length; i++) {
    const value = values[i];
    const sample = samples[i];
    let j = i;
    while (j > start && values[j - 1] > value) {
      values[j] = values[j - 1];
      samples[j] = samples[j - 1];
      j--;
    }
    values[j] = value;
    samples[j] = sample;
  }
}

function heapsort(values: Float32Array, samples: Int32Array, start: number, length: number): void {
  for (let root = (length - 2) >> 1; root >= 0; root--) siftDown(values, samples, start, root, length);
  for (let end = length - 1; end > 0; end--) {
    swap(values, samples, start, start + end);
    siftDown(values, samples, start, 0, end);
  }
}

function siftDown(values: Float32Array, samples: Int32Array, start: number, from: number, end: number): void {
  let root = from;
  for (;;) {
    const child = 2 * root + 1;
    let largest = root;
    if (child < end && values[start + largest] < values[start + child]) largest = child;
    if (child + 1 < end && values[start + largest] < values[start + child + 1]) largest = child + 1;
    if (largest === root) return;
    swap(values, samples, start + root, start + largest);
    root = largest;
  }
}

function swap(values: Float32Array, samples: Int32Array, i: number, j: number): void {
  const value = values[i];
  values[i] = values[j];
  values[j] = value;
  const sample = samples[i];
  samples[i] = samples[j];
  samples[j] = sample;
}
