/*
 * JSON written into a buffer of fixed size.
 *
 * The writer only appends and never calls anything: no malloc, no locale, no errno; safe on any thread and in any state
 * of the process. When the room runs out it sets `cut`, ignores what follows, and still closes every open object and
 * array: from json_begin to json_finish the buffer can always be completed to valid JSON. A string that does not fit is
 * shortened where a character ends; any other value that does not fit becomes null.
 *
 * Bytes that are not UTF-8 become U+FFFD, so the text is valid whatever it is given.
 */
#ifndef SHAPEBOX_LIBSHIM_JSON_H
#define SHAPEBOX_LIBSHIM_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 60u

struct json_writer {
	char *text;
	uint32_t used, room;
	uint32_t depth;    /* open objects and arrays */
	uint32_t skipped;  /* begun after the room ran out: their ends are ignored */
	uint64_t arrays;   /* bit per depth: an array, else an object */
	uint64_t filled;   /* bit per depth: has a member already */
	bool keyed;        /* a key waits for its value */
	bool cut;          /* something did not fit */
};

/* Write into TEXT, ROOM bytes (no NUL is added). */
void json_begin(struct json_writer *json, char *text, uint32_t room);
/* Close whatever is open. The text is `used` bytes long. */
void json_finish(struct json_writer *json);

void json_object_begin(struct json_writer *json);
void json_object_end(struct json_writer *json);
void json_array_begin(struct json_writer *json);
void json_array_end(struct json_writer *json);

/* The KEY (a C string) of the next value; within an object only. */
void json_key(struct json_writer *json, const char *key);

/* A value. TEXT may be NULL (then it is null). */
void json_string(struct json_writer *json, const char *text);
void json_text(struct json_writer *json, const char *text, size_t size_bytes);
void json_int(struct json_writer *json, int64_t value);
void json_bool(struct json_writer *json, bool value);
void json_null(struct json_writer *json);
/* VALUE as a string "0x..." : an address. */
void json_address(struct json_writer *json, uint64_t value);
/* The decimal text of a number that is no 64-bit integer; null if it isn't one (nan, inf). */
void json_number(struct json_writer *json, const char *text, size_t size_bytes);

/* Bytes that can still be written, closing brackets set aside. */
uint32_t json_left(const struct json_writer *json);

#endif
