/** What the viewer of a dashboard chooses. */
import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DATASOURCE } from "./panels.js";

/** Lets the viewer choose the Prometheus, where Grafana knows several. */
export function datasourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus");
}

/** Lets the viewer choose values of a label of a metric: one, or any number with all as the default. */
export function labelVariable(
  name: string,
  label: string,
  metric: string,
  choice: "one" | "any",
): QueryVariableBuilder {
  const builder = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query: `label_values(${metric}, ${name})`, refId: name })
    .definition(`label_values(${metric}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc);
  if (choice === "one") return builder;
  return builder.multi(true).includeAll(true).current({ text: "All", value: "$__all" });
}

/** Lets the viewer choose one of a few values. @param first the one that is chosen at first */
export function choiceVariable(
  name: string,
  label: string,
  values: readonly string[],
  first: string,
): CustomVariableBuilder {
  return new CustomVariableBuilder(name)
    .label(label)
    .values(values.join(","))
    .options(values.map((value) => ({ text: value, value, selected: value === first })))
    .current({ text: first, value: first });
}

/** Lets the viewer type a text; an address keeps it. */
export function textVariable(name: string, label: string, description: string): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder(name)
    .label(label)
    .description(description)
    .defaultValue("")
    .current({ text: "", value: "" });
}
