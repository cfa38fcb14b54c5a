/*
 * A contract as the file that goes into git, one call a line; and where a run departs from it.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_CONTRACT_TEXT_H
#define SHAPEBOX_VIEWER_RENDERING_CONTRACT_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "page.h"

/* Write CONTRACT (contract_json) to FILE. False where memory ran out or writing failed. */
bool contract_write(FILE *file, const json_t *contract);
/* Appends what holding a run against the contract in PATH found (contract_hold). */
void contract_text(struct page *page, const json_t *held, const char *path, int columns);

#endif
