// Builds web/dist: `npm ci && node build.mjs`, after `python -m tdn export-web` wrote web/networks.
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url)), root = dirname(here);
const dist = process.env.WEB_DIST ?? join(here, 'dist'), networks = process.env.WEB_NETWORKS ?? join(here, 'networks');

// `component:NAME` is a component of the Gradio page, from its one source: app/viewer/NAME.{html,css,js}.
const components = {
  name: 'components',
  setup(bundler) {
    bundler.onResolve({ filter: /^component:/ }, ({ path }) => ({ path: path.slice(10), namespace: 'component' }));
    bundler.onLoad({ filter: /.*/, namespace: 'component' }, async ({ path }) => {
      const [html, css] = await Promise.all(['html', 'css'].map((kind) => readFile(join(root, 'app', 'viewer', `${path}.${kind}`), 'utf8')));
      const files = (await readdir(join(root, 'app', 'viewer'))).filter((file) => file.startsWith(`${path}.`) && file.endsWith('.js'));
      // Further parts of a long script, NAME.PART.js, come before it.
      const parts = [...files.filter((file) => file !== `${path}.js`).sort(), `${path}.js`];
      const script = (await Promise.all(parts.map((file) => readFile(join(root, 'app', 'viewer', file), 'utf8')))).join('\n');
      // Gradio keeps a component's style to the component; here the place with its name does.
      const { code: own } = await transform(`#${path} {\n${css}\n}`, { loader: 'css', target: 'chrome100', minify: true });
      return { contents: `export default { html: ${JSON.stringify(html)}, css: ${JSON.stringify(own)}, run(element, props, watch, trigger) {\n${script}\n} };` };
    });
  },
};

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, 'ort'), { recursive: true });
await build({
  entryPoints: ['main.js', 'worker.js'].map((file) => join(here, 'src', file)),
  outdir: dist, bundle: true, format: 'esm', minify: true, target: 'es2022', plugins: [components], legalComments: 'linked', logLevel: 'warning',
});
for (const file of ['index.html', 'page.css']) await cp(join(here, 'src', file), join(dist, file));
for (const file of ['ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.mjs']) {
  await cp(join(here, 'node_modules', 'onnxruntime-web', 'dist', file), join(dist, 'ort', file));
}
await cp(networks, join(dist, 'networks'), { recursive: true });
await cp(join(root, 'assets', 'samples'), join(dist, 'samples'), { recursive: true, filter: (path) => !path.endsWith('.npz') });
await cp(join(root, 'assets', 'samples', 'CREDITS.md'), join(dist, 'CREDITS.md'));

// The cache of a visitor's browser is thrown away when anything in the folder changes.
const hash = createHash('sha256');
for (const file of (await readdir(dist, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort()) {
  hash.update(await readFile(file));
}
const offline = await readFile(join(here, 'src', 'offline.js'), 'utf8');
await writeFile(join(dist, 'offline.js'), offline.replace('__VERSION__', hash.digest('hex').slice(0, 16)));
