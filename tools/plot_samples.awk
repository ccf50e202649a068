# SPDX-License-Identifier: MIT
#
# Checks the CSV of a usage_sampler, and writes it as gnuplot takes it: a data block $samples with a
# blank line between trackers, a label where each begins, and what plot_samples.gnuplot must know.

function give_up(reason) {
  printf "line %d %s.\n", line, reason > "/dev/stderr"
  failed = 1
  exit 1
}

function quotes_in(text) { return gsub(/"/, "\"", text) }

function known(cell) { return cell == "" ? "?" : cell }

function note_largest(cell) { if (cell + 0 > largest) largest = cell + 0 }

{ sub(/\r$/, "") }

NR == 1 {
  line = 1
  titles = "time_seconds,in_use_bytes,peak_bytes,limit_bytes,allocator_resident_bytes,"
  titles = titles "process_resident_bytes,tracker"
  if ($0 != titles) give_up("is not the line of titles")
  next
}

{
  # A name may have line ends in it.
  record = open ? record " " $0 : $0
  if (!open) line = NR
  open = quotes_in(record) % 2
  if (open) next

  if (record !~ /^[0-9]+(\.[0-9]+)?,[0-9]+,[0-9]+,[0-9]*,[0-9]*,[0-9]*,".*"$/) {
    give_up("is not a sample")
  }
  split(record, cell, ",")
  name = record
  sub(/^[^"]*"/, "", name)
  sub(/"$/, "", name)
  gsub(/""/, "\"", name)
  gsub(/[[:cntrl:]]/, " ", name)

  if (count == 0) start = cell[1]
  time = cell[1] - start
  if (count == 0 || name != previous) {
    if (count > 0) samples = samples "\n"
    previous = name
    gsub(/'/, "''", name)
    labels = labels sprintf("set label '%s' at %.6f, graph 0.96 offset 0.5\n", name, time)
    if (count > 0) {
      labels = labels sprintf("set arrow from %.6f, graph 0 to %.6f, graph 1", time, time)
      labels = labels " nohead back lc rgb '#b0bec5'\n"
    }
  }
  note_largest(cell[2])
  note_largest(cell[4])
  note_largest(cell[5])
  note_largest(cell[6])
  if (cell[4] != "") has_limit = 1
  if (cell[5] != "") has_allocator = 1
  if (cell[6] != "") has_process = 1
  samples = samples sprintf("%.6f\t%s\t%s\t%s\t%s\n", time, cell[2], known(cell[4]),
                            known(cell[5]), known(cell[6]))
  if (time > last) last = time
  ++count
}

END {
  if (failed) exit 1
  line = NR == 0 ? 1 : line
  if (NR == 0) give_up("is missing: the file is empty")
  if (open) give_up("has a quotation mark that is not closed")
  if (count == 0) give_up("is followed by no sample")

  split("B KiB MiB GiB TiB PiB EiB", units, " ")
  scale = 1
  for (unit = 1; largest / scale >= 1024; ++unit) scale *= 1024
  printf "unit = '%s'\nscale = %.1f\nlargest = %.1f\n", units[unit], scale, largest
  printf "duration = %.6f\n", last
  printf "has_limit = %d\nhas_allocator = %d\nhas_process = %d\n", has_limit, has_allocator,
         has_process
  printf "$samples << END\n%sEND\n%s", samples, labels
}
