# SPDX-License-Identifier: MIT
"""Shows trackers and counting resources in gdb: docs/debugging.md.

Nothing is called in the process: it may be stopped anywhere, or be a core. The sums are those of
src/tracking/node_usage.cpp, over the same slots.
"""

import re
import struct

import gdb
import gdb.printing

WORD = 1 << 64


def signed(number):
    return number - WORD if number >= WORD // 2 else number


def atomic(value):
    """What a std::atomic holds, whatever its members are called."""
    held = value.type.strip_typedefs().template_argument(0)
    return value.address.cast(held.pointer()).dereference()


def number(value):
    return int(atomic(value))


def text(string):
    """A std::string of GNU's standard library."""
    return string['_M_dataplus']['_M_p'].string(length=int(string['_M_string_length']))


def target_of(value):
    """The object itself, if it is a reference to one."""
    is_reference = value.type.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
    return value.referenced_value() if is_reference else value


def class_of(pointer):
    """The class of the object, by its table of virtual functions: it may have no more debugging
    information than that symbol."""
    table = int(pointer.cast(gdb.lookup_type('unsigned long').pointer()).dereference())
    symbol = gdb.execute(f'info symbol {table}', to_string=True)
    found = re.match(r'vtable for (.*) \+ \d+', symbol)
    return found.group(1) if found else pointer.type.target()


def node_of(tracker):
    return tracker[tracker.type.strip_typedefs().fields()[0]]


def slots_of(node):
    """Those of all threads that have charged the tracker."""
    yield node['own_']
    table = atomic(node['others_']).dereference()
    chunk = gdb.lookup_type('zpmr::detail::slot_chunk').pointer()
    bytes_of_table = gdb.selected_inferior().read_memory(int(table.address), table.type.sizeof)
    for (address,) in struct.iter_unpack('=Q', bytes_of_table):
        if address != 0:
            hot = gdb.Value(address).cast(chunk)['hot']
            slots = hot[hot.type.strip_typedefs().fields()[0]]
            first, last = slots.type.strip_typedefs().range()
            yield from (slots[i] for i in range(first, last + 1))


def children_of(node):
    child = atomic(node['children_']['first'])
    while int(child) != 0:
        yield child.dereference()
        child = child['next_']


class Sums:
    """Over the slots of a tracker and of all below it."""

    FIGURES = ('freed', 'requested', 'allocations', 'deallocations')

    def __init__(self, node):
        self.alloc = self.freed = self.requested = self.allocations = self.deallocations = 0
        self.add(node)

    def add(self, node):
        self.add_figures(node['settled_'], number(node['settled_']['alloc']))
        for slot in slots_of(node):
            alloc, ceil = number(slot['alloc']), number(slot['ceil'])
            # What is beyond the ceiling is not decided yet.
            self.add_figures(slot, alloc if signed((ceil - alloc) % WORD) >= 0 else ceil)
        for child in children_of(node):
            self.add(child)

    def add_figures(self, figures, alloc):
        self.alloc = (self.alloc + alloc) % WORD
        for name in self.FIGURES:
            setattr(self, name, (getattr(self, name) + number(figures[name])) % WORD)

    def in_use(self, granted):
        used = (self.alloc - self.freed) % WORD
        if used <= granted:
            return used
        return granted if used - granted < WORD - used else 0


def peak_of(node, in_use):
    exact = atomic(node['exact_'])
    of_slot = number(node['beside_']) + number(exact['peak']) if int(exact) != 0 else 0
    return max(in_use, of_slot % WORD, number(node['peak_']['bytes']))


def describe(tracker):
    """One line, in the words of the library's own operator<<."""
    node = node_of(tracker)
    sums = Sums(node)
    in_use = sums.in_use(number(node['granted_']))
    limit = number(node['limit_'])
    return (
        f'tracker "{text(tracker["name_"])}": {in_use} bytes in use'
        f' ({max(signed(sums.requested), 0)} requested), peak {peak_of(node, in_use)},'
        f' total {sums.alloc}, {f"limit {limit}" if limit < WORD - 1 else "no limit"};'
        f' {max(signed((sums.allocations - sums.deallocations) % WORD), 0)} blocks in use,'
        f' {sums.allocations} allocations, {sums.deallocations} deallocations,'
        f' {number(node["denied_"])} denied, {number(node["overdrafts_"])} overdrafts')


class TrackerPrinter:
    def __init__(self, tracker):
        self.tracker = target_of(tracker)

    def to_string(self):
        return describe(self.tracker)

    def children(self):
        of_class = gdb.lookup_type('zpmr::memory_tracker')
        for i, child in enumerate(children_of(node_of(self.tracker))):
            yield f'[{i}]', child.address.cast(of_class.pointer()).dereference()

    def display_hint(self):
        return 'array'


class ResourcePrinter(TrackerPrinter):
    def __init__(self, resource):
        resource = target_of(resource)
        super().__init__(resource['tracker_'].dereference())
        self.upstream = resource['upstream_']

    def to_string(self):
        return f'counting on {class_of(self.upstream)}, {super().to_string()}'


def printers():
    all_printers = gdb.printing.RegexpCollectionPrettyPrinter('zpmr')
    all_printers.add_printer('memory_tracker', '^zpmr::memory_tracker$', TrackerPrinter)
    all_printers.add_printer('counting_resource', '^zpmr::counting_resource<.*>$', ResourcePrinter)
    return all_printers


gdb.printing.register_pretty_printer(None, printers(), replace=True)
