/** `npm run generate`: writes every file that is made from the code; see generated-files.ts. They are committed. */
import { writeFileSync } from "node:fs";
import { generatedFiles } from "./generated-files.js";

for (const [path, text] of await generatedFiles()) writeFileSync(path, text);
