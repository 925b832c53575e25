/** The server serves uPlot beside the page's own code, since a browser finds no package by its name. */
export { default } from "uplot";
