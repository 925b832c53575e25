/** Panels of states over time, and of the largest values now. */

import { PanelBuilder as BarGaugeBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import {
  BarGaugeDisplayMode,
  ReduceDataOptionsBuilder,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
} from "@grafana/grafana-foundation-sdk/common";
import { FieldColorBuilder, FieldColorModeId } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as TimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { type FigurePanel, framed, type Panel, targetsOf, thresholdsOf } from "./panels.js";

/** A band a line, coloured by its steps while its value lasts. */
export function states(panel: Omit<FigurePanel, "shows">): TimelineBuilder {
  return framed(new TimelineBuilder(), panel)
    .targets(targetsOf(panel.queries).map((asked) => asked.range()))
    .thresholds(thresholdsOf(panel.steps))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Auto)
    .mergeValues(true)
    .legend(new VizLegendOptionsBuilder().showLegend(false));
}

/** A bar a line, as long as its value is now. */
export function bars(panel: Panel): BarGaugeBuilder {
  return framed(new BarGaugeBuilder(), panel)
    .targets(targetsOf(panel.queries).map((asked) => asked.instant()))
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .min(0)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
}
