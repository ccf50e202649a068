/* SPDX-License-Identifier: MIT
 *
 * opener <library>: a program without zpmr, which opens a library that has it. */

#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char** argv) {
  void* const library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
  int (*use_zpmr)(void);
  if (library == NULL) {
    puts(argc == 2 ? dlerror() : "name a library");
    return 2;
  }
  *(void**)&use_zpmr = dlsym(library, "use_zpmr");
  return use_zpmr();
}
