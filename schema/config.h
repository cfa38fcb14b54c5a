/*
 * Settings: the table of config.def and how its texts are read.
 *
 * Shared by `shapebox run`, which refuses what these functions refuse, and by libshim, which falls back to
 * the default. Nothing here allocates, locks, prints or keeps state; config_text calls getenv, so libshim
 * calls it from its constructor only.
 */
#ifndef SHAPEBOX_SCHEMA_CONFIG_H
#define SHAPEBOX_SCHEMA_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

enum config_id {
#define CONFIG(id, variable, kind, fallback, option, letter, argument, help) CONFIG_##id,
#define CONFIG_VARIABLE(id, variable, kind, fallback, help) CONFIG_##id,
#include "config.def"
#undef CONFIG
#undef CONFIG_VARIABLE
	CONFIG_COUNT
};

enum config_kind {
	CONFIG_KIND_PATH,   /* any text */
	CONFIG_KIND_DEPTH,  /* 1, 2, all */
	CONFIG_KIND_KEEP,   /* ring, all */
	CONFIG_KIND_CUDA,   /* off, memory, launches, all */
	CONFIG_KIND_SYNC,   /* off, index, all */
	CONFIG_KIND_SIZE,   /* bytes with k, M, G */
	CONFIG_KIND_FLAG,   /* 1, 0, yes, no, true, false, on, off; its option sets 1 */
	CONFIG_KIND_UNFLAG, /* the same; its option sets 0 */
	CONFIG_KIND_NUMBER  /* decimal, not negative */
};

#define CONFIG_SIZE_LEAST (1ull << 20) /* a smaller box would be all dictionary */
#define CONFIG_SIZE_MOST (1ull << 40)

struct config_row {
	const char *variable; /* "SHAPEBOX_SIZE" */
	enum config_kind kind;
	const char *fallback; /* default, as text */
	const char *option;   /* "size"; NULL: variable only */
	char letter;          /* 's'; 0: none */
	const char *argument; /* "BYTES"; NULL: takes none */
	const char *help;
};

extern const struct config_row config_rows[CONFIG_COUNT];

/* The environment's text for ID, or the default. */
const char *config_text(enum config_id id);

/* Is TEXT a value of KIND? If not, WANTED (may be NULL) gets what would be: "1, 2 or all". */
bool config_valid(enum config_kind kind, const char *text, const char **wanted);

/* Each reads TEXT, returns false and leaves the result alone where it isn't of the kind. */
bool config_size(const char *text, uint64_t *bytes); /* within CONFIG_SIZE_LEAST..MOST; k, M, G are powers of 1024 */
bool config_depth(const char *text, int *depth);     /* 1, 2, or 0 for all: as box_header.record_depth */
bool config_keep_all(const char *text, bool *all);
/* PLACE gets TEXT's place among CHOICES, which are separated by '|'. */
bool config_choice(const char *text, const char *choices, int *place);
bool config_flag(const char *text, bool *on);        /* "" is off */
bool config_number(const char *text, uint64_t *number);

#endif
