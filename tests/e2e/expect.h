/*
 * Expectations on a JSON value, in one line each:
 *
 *   failure.mismatch.dim == 1                      ==, !=, >=, <=, >, <, contains, lacks, begins, ends
 *   failure.mismatch.operand in ["input", "weight"]
 *   failure null | failure exists                  null or missing; there and not null
 *   processes count 3 | processes count >= 3       how many elements
 *   failure.operands any name == "self" and shape == [2, 3]
 *   processes all status == "ok"
 *   processes none role == "worker"
 *   failure.stack[0].line == @FAIL HERE            the program's line that is marked `# FAIL HERE`
 *   failure.stack[0].line == @tiny_vlm.py FAIL HERE   the same in another file beside it
 *
 * `.` as a path within any/all/none is the element itself. Nothing here is kept between calls.
 */
#ifndef SHAPEBOX_TESTS_E2E_EXPECT_H
#define SHAPEBOX_TESTS_E2E_EXPECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Where @MARKER looks: DIRECTORY/PROGRAM. */
struct expect_context { const char *directory, *program; };

/* True if ROOT is as TEXT says. Else WHY gets a sentence: what is there instead, or what is wrong with TEXT. */
bool expect_holds(json_t *root, const char *text, const struct expect_context *context, char *why, size_t why_size);

#endif
