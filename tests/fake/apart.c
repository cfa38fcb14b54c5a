/*
 * A library that is loaded apart (RTLD_DEEPBIND; or dlmopen, a namespace of its own, into which no preload comes) and makes CUDA
 * calls, for tests/fake/run.sh: what goes past us there must not disturb what does not. Compiled once as the library (LIBRARY)
 * and once as the program: apart LIBRARY deepbind|namespace. It prints what it did itself, and what the library says it did.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int cudaMalloc(void **, size_t);
int cudaFree(void *);

#define CALLS 1000

#ifdef LIBRARY
__attribute__((visibility("default"))) int library_calls(void);
int
library_calls(void)
#else
static int
own_calls(void)
#endif
{
	int done = 0;

	for (int i = 0; i < CALLS; i++) {
		void *memory = NULL;
		if (cudaMalloc(&memory, 4096) == 0 && memory && cudaFree(memory) == 0)
			done++;
	}
	return done;
}

#ifndef LIBRARY
int
main(int count, char **words)
{
	if (count != 3)
		return 2;
	int before = own_calls();
	void *library = strcmp(words[2], "deepbind") ? dlmopen(LM_ID_NEWLM, words[1], RTLD_NOW)
						     : dlopen(words[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	if (!library) {
		puts(dlerror());
		return 1;
	}
	union { void *address; int (*call)(void); } calls = { dlsym(library, "library_calls") };
	if (!calls.address)
		return 1;
	int theirs = calls.call();
	printf("%d %d\n", before + own_calls(), theirs);
	return 0;
}
#endif
