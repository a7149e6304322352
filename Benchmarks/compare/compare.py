#!/usr/bin/env python3
"""Times other programs beside `helixfold bench`, one after the other on one core of the same idle machine.

  Benchmarks/compare/setup.sh
  Benchmarks/compare/env/bin/python Benchmarks/compare/compare.py forward --residues 64
  Benchmarks/compare/env/bin/python Benchmarks/compare/compare.py block --residues 256 --msa 128

Every program runs in a process of its own: one untimed run (which compiles), then --repeats timed ones. Memory is the
peak resident set of the process. A program that does not run is listed with the reason, a missing package in most cases; exit status 0.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = [('JAX AlphaFold2, fp32', 'jax_alphafold.py', []), ('JAX AlphaFold2, bf16', 'jax_alphafold.py', ['--bf16']),
         ('OpenFold, fp32', 'openfold_torch.py', []), ('OpenFold, bf16 autocast', 'openfold_torch.py', ['--bf16'])]


def arguments():
  p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  p.add_argument('work', choices=['forward', 'block'])
  p.add_argument('--residues', type=int, default=64)
  p.add_argument('--msa', type=int, default=128)
  p.add_argument('--extra', type=int, default=1024)
  p.add_argument('--templates', type=int, default=4)
  p.add_argument('--blocks', type=int, default=48)
  p.add_argument('--extra-blocks', type=int, default=4)
  p.add_argument('--repeats', type=int, default=2)
  p.add_argument('--helixfold', default=os.path.join(HERE, '../../.build/release/helixfold'))
  p.add_argument('--only', help='comma-separated parts of names: helixfold, JAX, OpenFold, fp32, bf16')
  return p.parse_args()


def size(a):
  return [f'--{key}={value}' for key, value in (
      ('residues', a.residues), ('msa', a.msa), ('extra', a.extra), ('templates', a.templates), ('blocks', a.blocks),
      ('extra-blocks', a.extra_blocks), ('repeats', a.repeats))]


def run(command):
  """The last line of a command's output as JSON, or what went wrong; on one core, with one thread."""
  core = min(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else None
  pin = None if core is None else lambda: os.sched_setaffinity(0, {core})
  env = dict(os.environ, OMP_NUM_THREADS='1', JAX_PLATFORMS='cpu', TF_CPP_MIN_LOG_LEVEL='3')
  done = subprocess.run(command, capture_output=True, text=True, env=env, preexec_fn=pin)
  if done.returncode != 0:
    lines = (done.stderr.strip() or f'status {done.returncode}').splitlines()
    return {'failed': lines[-1]}
  return json.loads(done.stdout if done.stdout.lstrip().startswith('{') else done.stdout.splitlines()[-1])


def helixfold(a):
  if not os.path.exists(a.helixfold): return {'failed': f'missing: {a.helixfold} (swift build -c release)'}
  sizes = size(a) if a.work == 'forward' else [f'--residues={a.residues}', f'--msa={a.msa}', f'--repeats={a.repeats}', '--forward-only']
  r = run([a.helixfold, 'bench', a.work, '--threads=1', '--json'] + sizes)
  if 'failed' in r: return r
  seconds = r['seconds_median'] if a.work == 'forward' else r['forward_seconds']['median']
  return {'seconds': [seconds], 'peak_rss_mib': r['peak_rss_mib']}


def main():
  a = arguments()
  wanted = lambda name: not a.only or any(part.lower() in name.lower() for part in a.only.split(','))
  results = [('helixfold, bf16', helixfold(a))] if wanted('helixfold, bf16') else []
  for name, script, flags in PEERS:
    if not wanted(name): continue
    print(f'{name} …', file=sys.stderr, flush=True)
    results.append((name, run([sys.executable, os.path.join(HERE, script), a.work] + size(a) + flags)))
  what = f'{a.work}, {a.residues} residues, {a.msa} rows'
  if a.work == 'forward': what += f' + {a.extra} extra, {a.templates} templates, {a.blocks} + {a.extra_blocks} blocks'
  print(f'| {what} | seconds | peak RSS, MiB |\n| --- | --- | --- |')
  for name, r in results:
    if 'failed' in r: print(f'| {name} | not run: {r["failed"].replace("|", "/")} | |')
    else: print(f'| {name} | {statistics.median(r["seconds"]):.2f} | {r["peak_rss_mib"]:.0f} |')


if __name__ == '__main__':
  main()
