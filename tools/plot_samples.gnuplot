# SPDX-License-Identifier: MIT
#
# Draws what plot_samples.awk has prepared: trackers that follow each other side by side, those of
# the same time one below the other.

each = panels == 1 ? 370 : 250
height = 90 + panels * each
set terminal svg size 900,height noenhanced font 'sans-serif,13' background 'white'
set datafile separator tab

set format y '%g '.unit
set format x ''
set xrange [0:duration > 0 ? duration : 1]
set yrange [0:*]
if (largest == 0) set yrange [0:1]
set offsets 0, 0, graph 0.12, 0
set border 3 lc rgb '#607d8b'
set tics nomirror out textcolor rgb '#37474f'
set grid ytics lt 1 lc rgb '#eceff1'
set lmargin 12
unset key

in_use    = '#2e7d32'
limit     = '#c62828'
allocator = '#1565c0'
process   = '#78909c'

# The key stands once, below the last panel.
keys = ''
if (has_process) keys = keys \
      . ', keyentry with lines lw 2 lc rgb process title "process resident"'
if (has_allocator) keys = keys \
      . ', keyentry with lines lw 2 lc rgb allocator title "allocator resident"'
keys = keys . ', keyentry with lines lw 2 lc rgb in_use title "in use"'
if (has_limit) keys = keys . ', keyentry with lines lw 2 dt 2 lc rgb limit title "limit"'

# The curves of one column of figures, by tracker.
curve(column, style) = ', for [t in in_panel[panel]] t using ($1-start):($'.column \
      .'/scale) with '.style.' notitle'
plots = curve('2', 'filledcurves y=0 fc rgb in_use fs transparent solid 0.2 noborder')
if (has_process) plots = plots . curve('5', 'lines lw 2 lc rgb process')
if (has_allocator) plots = plots . curve('4', 'lines lw 2 lc rgb allocator')
plots = plots . curve('2', 'lines lw 2 lc rgb in_use')
if (has_limit) plots = plots . curve('3', 'lines lw 2 dt 2 lc rgb limit')

set multiplot
do for [panel = 1:panels] {
  unset label
  unset arrow
  do for [t in in_panel[panel]] {
    at = first[int(t)] - start
    set label name[int(t)] at at, graph 0.96 offset 0.5
    if (at > 0) {
      set arrow from at, graph 0 to at, graph 1 nohead back lc rgb '#b0bec5'
    }
  }
  # In pixels from below.
  bottom = 80.0 + (panels - panel) * each
  set bmargin at screen bottom / height
  set tmargin at screen (bottom + each - 20) / height
  if (panel == panels) {
    set format x '%g'
    set xlabel 'seconds' offset 0, 0.6
    set key at screen 0.5, 12.0 / height center horizontal Left reverse samplen 2.5 width -4
  }
  eval 'plot '.substr(plots.(panel == panels ? keys : ''), 3, -1)
}
unset multiplot
