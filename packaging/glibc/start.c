/*
 * The start of a program that was linked on glibc 2.34 or newer, on an older one: its start files give
 * __libc_start_main no function that runs the program's constructors, since newer ones find them by themselves.
 * Linked with --wrap into the command alone.
 */
#include <stddef.h>

typedef void start_function(int argc, char **argv, char **environment);
extern start_function *__init_array_start[] __attribute__((visibility("hidden")));
extern start_function *__init_array_end[] __attribute__((visibility("hidden")));

int __real___libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, start_function *init,
			     void (*fini)(void), void (*loader_fini)(void), void *stack_end);
int __wrap___libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, start_function *init,
			     void (*fini)(void), void (*loader_fini)(void), void *stack_end);

static void
start_constructors(int argc, char **argv, char **environment)
{
	ptrdiff_t count = __init_array_end - __init_array_start;

	for (ptrdiff_t i = 0; i < count; i++)
		__init_array_start[i](argc, argv, environment);
}

int
__wrap___libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, start_function *init,
			 void (*fini)(void), void (*loader_fini)(void), void *stack_end)
{
	return __real___libc_start_main(main, argc, argv, init ? init : start_constructors, fini, loader_fini, stack_end);
}
