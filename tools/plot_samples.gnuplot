# SPDX-License-Identifier: MIT
#
# Draws what plot_samples.awk has prepared.

set terminal svg size 900,460 noenhanced font 'sans-serif,13' background 'white'
set datafile separator tab
set datafile missing '?'

set xlabel 'seconds' offset 0, 0.6
set format y '%g '.unit
set xrange [0:duration > 0 ? duration : 1]
set yrange [0:*]
if (largest == 0) set yrange [0:1]
set offsets 0, 0, graph 0.12, 0
set border 3 lc rgb '#607d8b'
set tics nomirror out textcolor rgb '#37474f'
set grid ytics lt 1 lc rgb '#eceff1'
set bmargin 4.5
set key outside bottom center horizontal Left reverse samplen 2.5 maxrows 1

in_use    = '#2e7d32'
limit     = '#c62828'
allocator = '#1565c0'
process   = '#78909c'

plots = 'plot $samples using 1:($2/scale) with filledcurves y=0 fc rgb in_use' \
      . ' fs transparent solid 0.2 noborder notitle'
if (has_process) plots = plots \
      . ', "" using 1:($5/scale) with lines lw 2 lc rgb process title "process resident"'
if (has_allocator) plots = plots \
      . ', "" using 1:($4/scale) with lines lw 2 lc rgb allocator title "allocator resident"'
plots = plots . ', "" using 1:($2/scale) with lines lw 2 lc rgb in_use title "in use"'
if (has_limit) plots = plots \
      . ', "" using 1:($3/scale) with lines lw 2 dt 2 lc rgb limit title "limit"'
eval plots
