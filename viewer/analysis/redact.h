/*
 * Who and where: home directories, users' and hosts' names, taken out of text that is passed on.
 *
 * First everything is shown to redact_learn*, then everything is passed through redact_text or redact_json. A home directory
 * (one given, or what follows /home/ or /Users/) becomes /home/user, its owner's name becomes "user" and a host "host1",
 * "host2", ..., wherever they stand as words. Names that are ordinary words (root, ubuntu, localhost, cuda) tell nothing of
 * anybody and stay. Keys of JSON stay.
 *
 * Owns its lists. Out of memory: `failed` is set, and what comes out is empty rather than unredacted. Single-threaded.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_REDACT_H
#define SHAPEBOX_VIEWER_ANALYSIS_REDACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum redact_kind { REDACT_HOME, REDACT_USER, REDACT_HOST };

struct redact_name { enum redact_kind kind; char *name, *with; };

struct redact {
	struct redact_name *names; /* the longest first */
	size_t count, hosts;
	bool failed;
};

void redact_free(struct redact *redact);

/* NAME is one of KIND. A host's first part is learned with it. NULL, short and ordinary names are passed over. */
void redact_learn(struct redact *redact, enum redact_kind kind, const char *name);
/* Learn the owners of the home directories in TEXT; if it is JSON, also the hosts in "host" and in an environment's addresses. */
void redact_learn_text(struct redact *redact, const char *text);

/* TEXT without them; its strings alone where it is a JSON object or array. Free it. NULL: memory ran out. */
char *redact_text(struct redact *redact, const char *text);
/* Every string of VALUE, in place. */
void redact_json(struct redact *redact, json_t *value);

/* The first of the names that is still in BYTES (any bytes), NULL if none is. Names of less than 5 characters, which stand in
 * any bytes by chance, aren't looked for. */
const char *redact_find(const struct redact *redact, const char *bytes, size_t size);

#endif
