// Builds web/dist: `npm ci && node build.mjs`, after `python -m tdn export-web` wrote web/networks.
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build, transform } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url)), root = dirname(here);
const dist = process.env.WEB_DIST ?? join(here, 'dist'), networks = process.env.WEB_NETWORKS ?? join(here, 'networks');

// `component:viewer/NAME` is a component of the Gradio page, from its one source: app/viewer/NAME.{html,css,js}.
const components = {
  name: 'components',
  setup(bundler) {
    bundler.onResolve({ filter: /^component:/ }, ({ path }) => ({ path: path.slice(10), namespace: 'component' }));
    bundler.onLoad({ filter: /.*/, namespace: 'component' }, async ({ path }) => {
      const folder = join(root, 'app', dirname(path)), name = basename(path), read = (file) => readFile(join(folder, file), 'utf8');
      const [html, css] = await Promise.all([read(`${name}.html`), read(`${name}.css`)]);
      const files = (await readdir(folder)).filter((file) => file.startsWith(`${name}.`) && file.endsWith('.js'));
      // Further parts of a long script, NAME.PART.js, come before it.
      const parts = [...files.filter((file) => file !== `${name}.js`).sort(), `${name}.js`];
      const script = (await Promise.all(parts.map(read))).join('\n');
      // Gradio keeps a component's style to the component; here the place that bears its name does.
      const { code: own } = await transform(`[data-component=${name}] {\n${css}\n}`, { loader: 'css', target: 'chrome100', minify: true });
      return { contents: `export default { name: ${JSON.stringify(name)}, html: ${JSON.stringify(html)}, css: ${JSON.stringify(own)}, run(element, props, watch, trigger, upload) {\n${script}\n} };` };
    });
  },
};

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, 'ort'), { recursive: true });

// onnxruntime's program, packed: a third less than with gzip, and small on hosts that pack nothing. WEB_BROTLI=1 is quick.
const ort = join(here, 'node_modules', 'onnxruntime-web'), { version } = JSON.parse(await readFile(join(ort, 'package.json'), 'utf8'));
const program = await readFile(join(ort, 'dist', 'ort-wasm-simd-threaded.wasm')), RUNTIME = { file: `ort/ort-${version}.wasm.br`, bytes: program.length };
const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_LGWIN: window, BROTLI_PARAM_SIZE_HINT: hint } = constants;
await writeFile(join(dist, RUNTIME.file), brotliCompressSync(program, { params: { [quality]: Number(process.env.WEB_BROTLI ?? 11), [window]: 24, [hint]: program.length } }));
await cp(join(ort, 'dist', 'ort-wasm-simd-threaded.mjs'), join(dist, 'ort', 'ort-wasm-simd-threaded.mjs'));

await build({
  entryPoints: ['main.js', 'worker.js'].map((file) => join(here, 'src', file)),
  outdir: dist, bundle: true, splitting: true, format: 'esm', define: { RUNTIME: JSON.stringify(RUNTIME) }, minify: true, target: 'es2022', plugins: [components], legalComments: 'linked', logLevel: 'warning',
});
await cp(join(here, 'src', 'index.html'), join(dist, 'index.html'));
const styles = [join(here, 'src', 'page.css'), join(root, 'app', 'lab', 'lab.css')];
await writeFile(join(dist, 'page.css'), (await Promise.all(styles.map((file) => readFile(file, 'utf8')))).join('\n'));
await cp(networks, join(dist, 'networks'), { recursive: true });
await cp(join(root, 'assets', 'samples'), join(dist, 'samples'), { recursive: true, filter: (path) => !path.endsWith('.npz') });
await cp(join(root, 'assets', 'lab'), join(dist, 'lab'), { recursive: true, filter: (path) => !path.endsWith('.json') });
await cp(join(root, 'assets', 'samples', 'CREDITS.md'), join(dist, 'CREDITS.md'));

// The cache of a visitor's browser is thrown away when anything in the folder changes.
const hash = createHash('sha256');
for (const file of (await readdir(dist, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort()) {
  hash.update(await readFile(file));
}
const offline = await readFile(join(here, 'src', 'offline.js'), 'utf8');
await writeFile(join(dist, 'offline.js'), offline.replace('__VERSION__', hash.digest('hex').slice(0, 16)));
