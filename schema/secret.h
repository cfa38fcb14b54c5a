/*
 * What may never be stored: values whose names speak of tokens, keys or passwords, and credentials in addresses.
 *
 * Shared by libshim (the environment note) and by `shapebox run` (the command line in run.json). Pure: nothing here
 * allocates, locks, prints or keeps state; any thread.
 */
#ifndef SHAPEBOX_SCHEMA_SECRET_H
#define SHAPEBOX_SCHEMA_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MASK "***" /* what stands in its place */

/* Whether NAME (SIZE bytes; of an option or a variable) is that of a secret. */
bool secret_name(const char *name, size_t size);
/* Copy VALUE into TEXT of ROOM bytes, the credentials of addresses in it ("//user:word@") replaced by SECRET_MASK, and what names of
 * secrets are given in it ("A=1 HF_TOKEN=word python", "{'api_key': 'word'}", "--token word", "Bearer word"). Twice VALUE's length and
 * one is room enough for all of it. */
void secret_mask(const char *value, char *text, size_t room);

#endif
