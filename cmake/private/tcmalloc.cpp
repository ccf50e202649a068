// SPDX-License-Identifier: MIT
//
// Becomes a part of the private copy of tcmalloc and stands between it and the program.

#include <pthread.h>

#include <cerrno>
#include <cstdint>

extern "C" {

// tcmalloc would take memory by sbrk in between the C library's own calls, and mallinfo2 would
// count it as the C library's. Where sbrk fails, it uses mmap.
void* __wrap___sbrk(std::intptr_t) {
  errno = ENOMEM;
  return reinterpret_cast<void*>(-1);
}

// Of the full library. It hands to tcmalloc what the C library has allocated, as is right only for
// a tcmalloc that is the program's malloc.
void __wrap__ZN15MallocExtension10InitializeEv() {}

// tcmalloc refers to these weakly, and a linker does not search an archive for a weak reference. In
// a static program, and for pthread_atfork in any, they would be null, and a fork could hang.
[[gnu::used]] const void* const zpmr_tc_needed[] = {
    reinterpret_cast<const void*>(&pthread_atfork),
    reinterpret_cast<const void*>(&pthread_once),
    reinterpret_cast<const void*>(&pthread_key_create),
    reinterpret_cast<const void*>(&pthread_key_delete),
    reinterpret_cast<const void*>(&pthread_getspecific),
    reinterpret_cast<const void*>(&pthread_setspecific),
};

// Debian's archives are not fully position independent: what follows must be in the same shared
// library as tcmalloc. So these are copies.

extern char* __real_program_invocation_name;
extern char* __real_program_invocation_short_name;
char* __wrap_program_invocation_name = const_cast<char*>("");
char* __wrap_program_invocation_short_name = const_cast<char*>("");

[[gnu::constructor]] static void copy_program_name() {
  __wrap_program_invocation_name = __real_program_invocation_name;
  __wrap_program_invocation_short_name = __real_program_invocation_short_name;
}

// The type and the virtual table of std::bad_alloc. Types are compared by name, so a handler for
// std::bad_alloc catches either.
extern const char si_class_type_vtable[] __asm__("_ZTVN10__cxxabiv120__si_class_type_infoE");
extern const char exception_type[] __asm__("_ZTISt9exception");
extern const char bad_alloc_complete_destructor[] __asm__("_ZNSt9bad_allocD1Ev");
extern const char bad_alloc_deleting_destructor[] __asm__("_ZNSt9bad_allocD0Ev");
extern const char bad_alloc_what[] __asm__("_ZNKSt9bad_alloc4whatEv");

extern const void* const __wrap__ZTISt9bad_alloc[] = {
    si_class_type_vtable + 2 * sizeof(void*),
    "St9bad_alloc",
    exception_type,
};

extern const void* const __wrap__ZTVSt9bad_alloc[] = {
    nullptr,
    __wrap__ZTISt9bad_alloc,
    bad_alloc_complete_destructor,
    bad_alloc_deleting_destructor,
    bad_alloc_what,
};

}  // extern "C"
