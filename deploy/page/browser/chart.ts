/** What both charts share: a uPlot that is made anew when its lines change, follows the width of its place, and is drawn once a frame. */
import { colourOf } from "./elements.js";
import uPlot from "./uplot.js";

const AXIS_FONT = "12px system-ui, sans-serif";
const WIDTH_MIN = 200;
const Y_AXIS_PX = 58;

/** A line, or a bound of a band that is not drawn itself. */
export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
  readonly points?: boolean;
  readonly gaps?: boolean;
}

/** A mark on the axis of i. */
export interface Mark {
  readonly i: number;
  readonly colour: string;
  readonly text: string;
}

export interface Drawing {
  readonly lines: readonly Line[];
  /** Pairs of lines, upper and lower, between which is filled. */
  readonly bands: readonly { readonly series: readonly [number, number]; readonly fill: string }[];
  readonly data: uPlot.AlignedData;
  readonly marks: readonly Mark[];
  /** Range of the values; undefined for that of the data. */
  readonly range?: readonly [number, number] | undefined;
}

export class Chart {
  readonly #place: HTMLElement;
  readonly #onCursor: (at: number | null) => void;
  #plot: uPlot | undefined;
  #form = "";
  #drawing: Drawing | undefined;

  /** @param onCursor gets the place in the data that is pointed at; null where none is */
  constructor(place: HTMLElement, onCursor: (at: number | null) => void) {
    this.#place = place;
    this.#onCursor = onCursor;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
  }

  draw(drawing: Drawing): void {
    this.#drawing = drawing;
    const form = JSON.stringify([drawing.lines, drawing.bands]);
    if (this.#plot === undefined || form !== this.#form) {
      this.#form = form;
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(drawing), drawing.data, this.#place);
    } else this.#plot.setData(drawing.data);
  }

  /** Colours have changed. */
  forget(): void {
    this.#form = "";
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(WIDTH_MIN, this.#place.clientWidth), height: Math.max(120, this.#place.clientHeight) };
  }

  #options({ lines, bands }: Drawing): uPlot.Options {
    const text = colourOf("--muted");
    const grid = { stroke: colourOf("--line"), width: 1 };
    const axis = { stroke: text, font: AXIS_FONT, grid, ticks: { ...grid, size: 4 } };
    return {
      ...this.#size(),
      padding: [14, 16, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { time: false }, y: { range: (_, min, max) => this.#range(min, max) } },
      axes: [
        { ...axis, size: 30, space: 70 },
        { ...axis, size: Y_AXIS_PX },
      ],
      bands: bands.map(({ series: [upper, lower], fill }) => ({ series: [upper, lower], fill })),
      series: [{}, ...lines.map(lineOf)],
      hooks: {
        draw: [(plot) => this.#drawMarks(plot)],
        setCursor: [({ cursor }) => this.#onCursor(cursor.idx ?? null)],
      },
    };
  }

  #range(min: number | null, max: number | null): [number, number] {
    const [low, high] = this.#drawing?.range ?? [min ?? 0, max ?? 1];
    const pad = 0.08 * (high - low) || Math.abs(high) * 0.1 || 1;
    return [low - pad, high + pad];
  }

  #drawMarks({ ctx, bbox, scales, valToPos }: uPlot): void {
    const ratio = devicePixelRatio;
    const { min = Number.POSITIVE_INFINITY, max = Number.NEGATIVE_INFINITY } = scales.x ?? {};
    ctx.save();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.lineWidth = 1.5 * ratio;
    let free = Number.NEGATIVE_INFINITY;
    for (const { i, colour, text } of this.#drawing?.marks ?? []) {
      if (i < (min ?? 0) || i > (max ?? 0)) continue;
      const x = Math.round(valToPos.call(this.#plot, i, "x", true));
      ctx.strokeStyle = colour;
      ctx.fillStyle = colour;
      ctx.setLineDash([4 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top - 2 * ratio);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const width = ctx.measureText(text).width;
      const left = Math.min(x + 3 * ratio, bbox.left + bbox.width - width);
      if (left < free) continue;
      ctx.fillText(text, left, bbox.top - 3 * ratio);
      free = left + width + 6 * ratio;
    }
    ctx.restore();
  }
}

function lineOf({ label, colour, width, dash, points = false, gaps = false }: Line): uPlot.Series {
  return {
    label,
    stroke: colour,
    width,
    ...(dash === undefined ? {} : { dash: [...dash] }),
    spanGaps: !gaps,
    points: points ? { show: true, size: 4, fill: colour, stroke: colour, width: 0 } : { show: false },
  };
}
