/*
 * Text from untrusted bytes: a growing buffer, valid UTF-8, JSON strings.
 *
 * A buffer is the caller's, zero-initialised, released with bytes_free. Running out of memory sets `failed` and
 * drops what came after; the terminated `data` stays usable (NULL only if nothing was ever added).
 */
#ifndef SHAPEBOX_SCHEMA_BYTES_H
#define SHAPEBOX_SCHEMA_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
	char *data;
	size_t size_bytes, room;
	bool failed;
};

void bytes_free(struct bytes *bytes);
void bytes_clear(struct bytes *bytes);
bool bytes_reserve(struct bytes *bytes, size_t more); /* room for MORE bytes at `data` + `size_bytes`; false: no memory */
void bytes_add(struct bytes *bytes, const char *raw, size_t size);
void bytes_addf(struct bytes *bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bytes_add_integer(struct bytes *bytes, long long value); /* "%lld" */

/* Add RAW up to the first NUL, each byte that is not part of valid UTF-8 replaced by U+FFFD. */
void bytes_add_clean(struct bytes *bytes, const char *raw, size_t size);
/* The same as a JSON string with its quotes. */
void bytes_add_json(struct bytes *bytes, const char *raw, size_t size);

/* Length in bytes of the valid UTF-8 character at RAW; 0 if there is none. */
size_t bytes_character(const char *raw, size_t size);
/* Is all of it valid UTF-8 without NUL? */
bool bytes_is_clean(const char *raw, size_t size);

#endif
