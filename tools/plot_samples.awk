# SPDX-License-Identifier: MIT
#
# Checks the CSV of a usage_sampler, and writes it as gnuplot takes it: the samples of each tracker to
# a file of its own, named 1, 2, 3 ..., and what plot_samples.gnuplot must know to the output.

function give_up(reason) {
  printf "line %d %s.\n", line, reason > "/dev/stderr"
  failed = 1
  exit 1
}

function quotes_in(text) { return gsub(/"/, "\"", text) }

function known(cell) { return cell == "" ? "NaN" : cell }

function note_largest(cell) { if (cell + 0 > largest) largest = cell + 0 }

# A string for gnuplot that stands for any name. Two apostrophes side by side, its way to write one,
# do not work everywhere; and in double quotes it would run what is in backquotes. SVG takes neither
# control characters nor U+FFFE and U+FFFF.
function quoted(name) {
  gsub(/[[:cntrl:]]/, " ", name)
  gsub(/\357\277[\276\277]/, "\357\277\275", name)
  gsub(/'/, "'.\"'\".'", name)
  return "'" name "'"
}

# A tracker is its name: begins it if it is new, and checks that its time does not run backwards.
function note_time(name, time) {
  if (!(name in number)) {
    number[name] = ++trackers
    names[trackers] = name
    first[trackers] = time
  } else if (time + 0 < last[number[name]] + 0) {
    give_up("is earlier than the sample of \"" name "\" before it: let each sampler write once," \
            " and give each tracker a name of its own")
  }
  last[number[name]] = time
}

function overlap(a, b) {
  return first[a] == first[b] || (first[a] + 0 < last[b] + 0 && first[b] + 0 < last[a] + 0)
}

function is_free(panel, tracker,    other) {
  for (other = 1; other < tracker; ++other) {
    if (panel_of[other] == panel && overlap(other, tracker)) return 0
  }
  return 1
}

# Trackers that follow each other share a panel; each that overlaps gets one of its own.
function lay_out(    tracker, panel) {
  for (tracker = 1; tracker <= trackers; ++tracker) {
    for (panel = 1; !is_free(panel, tracker);) ++panel
    panel_of[tracker] = panel
    if (panel > panels) panels = panel
    in_panel[panel] = in_panel[panel] " " tracker
  }
}

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
  record = open ? record "\n" $0 : $0
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

  note_time(name, cell[1])
  note_largest(cell[2])
  note_largest(cell[4])
  note_largest(cell[5])
  note_largest(cell[6])
  if (cell[4] != "") has_limit = 1
  if (cell[5] != "") has_allocator = 1
  if (cell[6] != "") has_process = 1
  if (file != number[name]) {
    if (file) close(file)  # there may be more trackers than files may be open
    file = number[name] ""
  }
  printf "%s\t%s\t%s\t%s\t%s\n", cell[1], cell[2], known(cell[4]), known(cell[5]),
         known(cell[6]) >> file
}

END {
  if (failed) exit 1
  line = NR == 0 ? 1 : line
  if (NR == 0) give_up("is missing: the file is empty")
  if (open) give_up("has a quotation mark that is not closed")
  if (trackers == 0) give_up("is followed by no sample")

  lay_out()
  split("B KiB MiB GiB TiB PiB EiB", units, " ")
  scale = 1
  for (unit = 1; largest / scale >= 1024; ++unit) scale *= 1024
  printf "unit = '%s'\nscale = %.1f\nlargest = %.1f\n", units[unit], scale, largest
  printf "has_limit = %d\nhas_allocator = %d\nhas_process = %d\n", has_limit, has_allocator,
         has_process
  start = first[1]
  end = last[1]
  printf "array name[%d]\narray first[%d]\n", trackers, trackers
  for (i = 1; i <= trackers; ++i) {
    if (first[i] + 0 < start + 0) start = first[i]
    if (last[i] + 0 > end + 0) end = last[i]
    printf "name[%d] = %s\nfirst[%d] = %s\n", i, quoted(names[i]), i, first[i]
  }
  printf "start = %s\nduration = %s - start\n", start, end
  printf "panels = %d\narray in_panel[%d]\n", panels, panels
  for (i = 1; i <= panels; ++i) printf "in_panel[%d] = '%s'\n", i, in_panel[i]
}
