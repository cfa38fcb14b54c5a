/* Reading the settings. See settings.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../schema/config.h"
#include "settings.h"

struct settings settings;

static const char *
value_of(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

/* PATH, seen from where the process was started, for it and all that it starts: NAME is set anew where PATH is relative. */
static void
make_absolute(const char *name, const char *path, char *out, size_t room)
{
	char here[2048] = "";

	if (*path == '/') {
		snprintf(out, room, "%s", path);
		return;
	}
	if (!getcwd(here, sizeof here))
		snprintf(here, sizeof here, "/tmp");
	snprintf(out, room, "%s/%s", here, path);
	setenv(name, out, 1);
}

static void
choose_directory(void)
{
	const char *asked = value_of("SHAPEBOX_OUTPUT"), *local = value_of("SHAPEBOX_LOCAL");
	char stamp[48] = "shapebox";
	time_t now = time(NULL);
	struct tm parts;

	if (*local)
		make_absolute("SHAPEBOX_LOCAL", local, settings.local, sizeof settings.local);
	if (!*asked && localtime_r(&now, &parts))
		strftime(stamp, sizeof stamp, "shapebox-%Y%m%d-%H%M%S", &parts);
	make_absolute("SHAPEBOX_OUTPUT", *asked ? asked : stamp, settings.directory, sizeof settings.directory);
	for (size_t size = strlen(settings.directory); size > 1 && settings.directory[size - 1] == '/'; size--)
		settings.directory[size - 1] = 0;
}

/* The place of ID's text among CHOICES, or FALLBACK. */
static int
choice_of(enum config_id id, const char *choices, int fallback)
{
	int place;

	return config_choice(config_text(id), choices, &place) ? place : fallback;
}

void
settings_read(void)
{
	const char *depth = value_of("SHAPEBOX_DEPTH");

	settings.disabled = !strcmp(value_of("SHAPEBOX_DISABLE"), "1");
	settings.under_run = !strcmp(value_of("SHAPEBOX_RUN"), "1");
	settings.depth = !strcmp(depth, "all") ? 0 : !strcmp(depth, "2") ? 2 : 1;
	settings.keep_all = !strcmp(value_of("SHAPEBOX_KEEP"), "all");
	settings.cuda = (enum cuda_level)choice_of(CONFIG_CUDA, "off|memory|launches|all", CUDA_LEVEL_ALL);
	settings.sync = (enum cuda_sync)choice_of(CONFIG_SYNC, "off|index|all", CUDA_SYNC_OFF);
	settings.frames = settings.native_stacks = true;
	config_flag(config_text(CONFIG_FRAMES), &settings.frames);
	config_flag(config_text(CONFIG_NATIVE_STACKS), &settings.native_stacks);
	settings.summaries = true;
	config_flag(config_text(CONFIG_SUMMARIES), &settings.summaries);
	if (!config_size(value_of("SHAPEBOX_SIZE"), &settings.size_bytes))
		settings.size_bytes = 32u << 20;
	if (!config_size(value_of("SHAPEBOX_SIZE_TOTAL"), &settings.total_bytes))
		settings.total_bytes = 4ull << 30;
	if (!settings.disabled)
		choose_directory();
}
