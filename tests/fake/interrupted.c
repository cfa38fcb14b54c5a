/*
 * Signal handlers that make CUDA calls, at any moment of CUDA calls, for tests/fake/run.sh: they may go unrecorded, the others
 * may not, and nothing hangs. Prints how many kernels the main thread launched.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

int cuModuleLoadData(void **, const void *);
int cuModuleGetFunction(void **, void *, const char *);
int cuLaunchKernel(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **, void **);

#define LAUNCHES 200000

static volatile sig_atomic_t handled;
static void *kernel;

static void
launch(void)
{
	cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL); /* (the fake takes no lock for it) */
}

static void
on_signal(int number)
{
	(void)number;
	launch();
	handled++;
}

int
main(void)
{
	const struct itimerval often = { { 0, 50 }, { 0, 50 } }, never = { { 0, 0 }, { 0, 0 } };

	void *module;

	if (cuModuleLoadData(&module, "") || cuModuleGetFunction(&kernel, module, "interrupted"))
		return 1;
	signal(SIGALRM, on_signal);
	setitimer(ITIMER_REAL, &often, NULL);
	int launches = 0;
	while (launches < LAUNCHES || (handled < 1000 && launches < 100 * LAUNCHES)) {
		launch();
		launches++;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	printf("%d %d\n", launches, (int)handled);
	return 0;
}
