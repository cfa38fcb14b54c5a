/*
 * A real box for the tests of libshim: made by box_open in a directory of its own, dictionaries and identities ready.
 * fixture_open may be called again: the next box is a new one.
 */
#ifndef SHAPEBOX_TESTS_SHIM_FIXTURE_H
#define SHAPEBOX_TESTS_SHIM_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "libshim/box.h"
#include "libshim/dictionary.h"
#include "libshim/identity.h"
#include "libshim/settings.h"

static char fixture_directory[64];

static inline bool
fixture_prepare(void)
{
	return dictionary_open() && identity_open();
}

static inline bool
fixture_open(uint64_t size_bytes)
{
	snprintf(fixture_directory, sizeof fixture_directory, "/tmp/shapebox-test-XXXXXX");
	if (!mkdtemp(fixture_directory))
		return false;
	snprintf(settings.directory, sizeof settings.directory, "%s/trace", fixture_directory);
	settings.size_bytes = size_bytes;
	settings.total_bytes = 4ull << 30;
	settings.depth = 1;
	settings.keep_all = false;
	return box_open(fixture_prepare);
}

static inline void
fixture_remove(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", fixture_directory);
	if (system(command))
		abort();
}

#endif
