/** What those who ask a service for its state over HTTP share with those who answer. */

/** Most rows of a series that are shown at once, which are as many as its longest ring has. */
export const ROWS_MAX = 10_000;
export const ROWS_DEFAULT = 10;

/** Header of every answer about state: `<application>/<INSTANCE_ID>/<slot>` of who gives it. */
export const INSTANCE_HEADER = "regatta-instance";

/** Headers that show a token, which is that of the service's HTTP_TOKEN_FILE; none where there is no token. */
export function authorizationOf(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

/** A number of rows as text; undefined where it is none from 0 to {@link ROWS_MAX}. */
export function rowsOf(text: string): number | undefined {
  const rows = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return rows <= ROWS_MAX ? rows : undefined;
}
