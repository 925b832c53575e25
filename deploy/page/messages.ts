/** What the server of the page pushes, as JSON: types alone, which the code in the browser has too. */

/** Who judges a race. A series of a file is raced by both. */
export type Source = "rls-racer" | "ml-racer";

/** Observations of a series with the champion's forecasts, a column each; null where there is none. */
export interface PointColumns {
  readonly i: readonly number[];
  /** Null of a question whose label has not come. */
  readonly y: readonly (number | null)[];
  readonly yhat: readonly (number | null)[];
  readonly lower: readonly (number | null)[];
  readonly upper: readonly (number | null)[];
  /** Who was champion then: a place in {@link RaceUpdate.champions}. */
  readonly model: readonly (number | null)[];
}

/** Scores of a model at a verdict. */
export interface Score {
  readonly model: string;
  readonly n: number;
  readonly mse: number | null;
  readonly fading: number | null;
  readonly mae: number | null;
  readonly r2: number | null;
  readonly skill: number | null;
  readonly coverage: number | null;
}

/** A verdict as it is kept of the past. */
export interface VerdictPoint {
  readonly i: number;
  readonly n: number;
  /** Time of the record, in ms since the epoch. */
  readonly at: number | null;
  readonly decision: "start" | "switch" | "keep";
  readonly champion: string;
  readonly from: string | null;
  readonly reason: string;
  readonly evidence: number | null;
  readonly scores: readonly Score[];
}

/** How sure it is that the champion is the best: the newest verdict's. */
export interface Standing {
  readonly i: number;
  readonly n: number;
  readonly at: number | null;
  readonly champion: string;
  /** i of the observation since which the champion reigns. */
  readonly since: number;
  readonly challenger: string | null;
  readonly evidence: number | null;
  readonly threshold: number;
  readonly gap: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly alpha: number;
}

/** Who has the least mean of squared errors, which may be luck. */
export interface Leader {
  readonly model: string;
  /** i of the observation since which it leads. */
  readonly since: number;
}

/** What is new of a race. */
export interface RaceUpdate {
  readonly source: Source;
  readonly standing: Standing | null;
  readonly leader: Leader | null;
  readonly champions: readonly string[];
  readonly points: PointColumns;
  /** How often the sender's counter went back: what was pushed of another count is void. */
  readonly begun: number;
  /** i of the oldest and of the newest observation that is kept; null where there is none. What lies outside is void. */
  readonly range: readonly [number, number] | null;
  readonly verdicts: readonly VerdictPoint[];
  /** Observations that came and are not kept any more. */
  readonly older: number;
}

/** What is new of the series that is looked at. */
export interface SeriesUpdate {
  readonly topic: string;
  readonly series: string;
  readonly races: readonly RaceUpdate[];
}

/** A series in the list. */
export interface SeriesRow {
  readonly topic: string;
  readonly series: string;
  /** Observations scored. */
  readonly n: number;
  /** Time of the newest record, in ms since the epoch. */
  readonly at: number | null;
  /** The newest y, oldest first. */
  readonly spark: readonly (number | null)[];
  readonly races: readonly {
    readonly source: Source;
    readonly champion: string;
    /** Evidence of the challenger as a share of what it takes, 0 to 1; null where one model races alone. */
    readonly doubt: number | null;
    readonly skill: number | null;
  }[];
}

export interface Letter {
  /** `topic[partition]@offset` of the letter. */
  readonly place: string;
  readonly reason: string;
  readonly message: string;
  readonly service: string;
  /** `topic[partition]@offset` of the record. */
  readonly origin: string;
  readonly at: number | null;
  /** Key and first bytes of the record, as a line of text. */
  readonly record: string;
}

export interface ServiceHealth {
  readonly name: string;
  /** For example `running`, `waiting for Kafka`. */
  readonly state: string;
  /** Null where only Kafka was asked. */
  readonly recordsPerSecond: number | null;
  readonly lagRecords: number | null;
  /** Of its consumer group; left out where the service itself has answered. */
  readonly members?: number;
  /** The lag by the topics that it reads; left out where the service itself has answered. */
  readonly lags?: readonly TopicLag[];
}

/** The lag of a topic, in records; null where it is not known. */
export interface TopicLag {
  readonly topic: string;
  readonly records: number | null;
}

/** What is not shown, and why. */
export interface LeftOut {
  /** Whether there are more series than are kept. */
  readonly moreSeries: boolean;
  readonly seriesMax: number;
  /** Observations that are kept of each series now. */
  readonly pointsEach: number;
  /** Dead letters that came and are not kept any more. */
  readonly olderLetters: number;
  /** Offsets that were not read: services wrote faster than this page reads. */
  readonly passedOver: number;
  /** Records of results that have another form than the contract's. */
  readonly strange: number;
  /** What Kafka says where it does not answer. */
  readonly trouble: string | null;
}

/** One push. Members that are left out have not changed. */
export interface PageUpdate {
  /** Everything that is known follows: what was pushed before is void. */
  readonly first?: true;
  /** The server's clock, in ms since the epoch. */
  readonly now: number;
  readonly brokers?: string;
  readonly rows?: readonly SeriesRow[];
  readonly letters?: readonly Letter[];
  /** Null where nobody knows. */
  readonly services?: readonly ServiceHealth[] | null;
  readonly left?: LeftOut;
  readonly series?: SeriesUpdate;
}
