/*
 * spent TIMES COMMAND [ARGUMENT...]: what a process costs from fork to wait, for the benchmark.
 * Prints the median wall seconds, the median processor seconds (its children's with it) and the largest resident KiB of
 * TIMES runs. The command's output goes nowhere. Ends with 2 where the command can't be run; its own status is ignored.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static int
order(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double
median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof *values, order);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

int
main(int argc, char **argv)
{
	int times = argc > 2 ? atoi(argv[1]) : 0;
	long most = 0;
	posix_spawn_file_actions_t actions;

	if (times < 1) {
		fprintf(stderr, "usage: spent TIMES COMMAND [ARGUMENT...]\n");
		return 2;
	}
	double *wall = calloc((size_t)times, sizeof *wall), *cpu = calloc((size_t)times, sizeof *cpu);
	if (!wall || !cpu || posix_spawn_file_actions_init(&actions))
		return 2;
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < times; i++) {
		struct rusage usage;
		pid_t child;
		int status;
		double start = seconds_now();

		if (posix_spawnp(&child, argv[2], &actions, NULL, argv + 2, environ) || wait4(child, &status, 0, &usage) < 0) {
			fprintf(stderr, "spent: %s can't be run\n", argv[2]);
			return 2;
		}
		wall[i] = seconds_now() - start;
		cpu[i] = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
		most = usage.ru_maxrss > most ? usage.ru_maxrss : most;
	}
	printf("%.6f %.6f %ld\n", median(wall, times), median(cpu, times), most);
	posix_spawn_file_actions_destroy(&actions);
	free(wall);
	free(cpu);
	return 0;
}
