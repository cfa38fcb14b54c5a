#include "run_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORD_WAIT_NS 2000000000ll /* the one that made the directory writes its record when its command has started */

/* The value of torchrun's option NAME ("rdzv-id") in ARGV, NULL if it isn't given. */
static const char *
option_value(char *const *argv, const char *name)
{
	size_t size = strlen(name);

	for (; *argv; argv++) {
		const char *word = *argv + strspn(*argv, "-");
		bool same = word > *argv;

		for (size_t i = 0; same && i < size; i++)
			same = word[i] == name[i] || (name[i] == '-' && word[i] == '_');
		if (same && word[size] == '=')
			return word + size + 1;
		if (same && word[size] == 0 && argv[1])
			return argv[1];
	}
	return NULL;
}

void
run_job_name(char *const *argv, char *job, size_t room)
{
	static const char *const schedulers[] = { "SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID" };
	const char *id = option_value(argv, "rdzv-id"), *end = option_value(argv, "rdzv-endpoint");
	const char *address = option_value(argv, "master-addr"), *port = option_value(argv, "master-port");

	job[0] = 0;
	for (size_t i = 0; i < sizeof schedulers / sizeof schedulers[0] && !job[0]; i++)
		if (getenv(schedulers[i]) && *getenv(schedulers[i]))
			snprintf(job, room, "%s %.100s", schedulers[i], getenv(schedulers[i]));
	address = address ? address : getenv("MASTER_ADDR");
	port = port ? port : getenv("MASTER_PORT");
	if (!job[0] && id && end)
		snprintf(job, room, "torchrun %.100s %.100s", id, end);
	else if (!job[0] && address && *address && port && *port)
		snprintf(job, room, "master %.100s:%.20s", address, port);
}

bool
run_job_joins(const char *directory, const char *job)
{
	char path[PATH_MAX + 16];
	int64_t end = run_now_ns() + RECORD_WAIT_NS;
	json_t *record;
	bool same;

	if (!job[0])
		return false;
	snprintf(path, sizeof path, "%s/run.json", directory);
	while (!(record = json_load_file(path, 0, NULL))) {
		struct timespec pause = { 0, 50000000 };

		snprintf(path, sizeof path, "%s/.gitignore", directory);
		if (access(path, F_OK) != 0 || run_now_ns() > end)
			return false;
		snprintf(path, sizeof path, "%s/run.json", directory);
		nanosleep(&pause, NULL);
	}
	/* A run of the same job that has ended is an earlier one, not another host's part of this one. */
	same = json_is_string(json_object_get(record, "job")) && strcmp(json_string_value(json_object_get(record, "job")), job) == 0 &&
	       !json_is_integer(json_object_get(record, "end_ns"));
	json_decref(record);
	return same;
}
