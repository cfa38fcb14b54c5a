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

/* The signature of OP with the WORDS of VALUES values, as an event that encoded them finds or adds it. */
static inline uint32_t
fixture_signature(uint32_t op, const uint64_t *words, uint32_t count, uint32_t values)
{
	uint64_t key = dictionary_hash((uint64_t)op << 8, words, count);
	uint32_t found = dictionary_signature_find(key);

	return found != BOX_NONE ? found : dictionary_signature_add(key, op, 0, words, count, values);
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
