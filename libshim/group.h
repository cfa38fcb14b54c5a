/*
 * Process groups: a number for each that this process makes, and the ranks that belong to it.
 *
 * Whoever makes a group gives it a name (c10d::ProcessGroup::setGroupName, hooked): from then on its address means that group, until
 * another is named there. A collective's signature has the number. Which ranks they are only Python knows: the table
 * `_pg_group_ranks` of torch.distributed.distributed_c10d, from the group (a pybind11 instance, whose third word is the C++ object) to a
 * dictionary of ranks, in the order of their places. It is filled after the name, so it is read by a pending call that the next
 * operation leaves behind (python_late.h), and believed only where it agrees with the object about their number and this rank's place. What isn't
 * believed, or finds no room, stays unknown.
 *
 * Written to the note "groups" (ARCHITECTURE.md, "Notes").
 */
#ifndef SHAPEBOX_LIBSHIM_GROUP_H
#define SHAPEBOX_LIBSHIM_GROUP_H

#include <stdbool.h>
#include <stdint.h>

/* OBJECT (a c10d::ProcessGroup) has got its name: it is a group of its own. Any thread; no lock, no call. */
void group_made(const void *object);

/* The number of the group OBJECT, from 1; 0: not known. Hot path. */
uint32_t group_number(const void *object);

/* Read Python's table and write the note, if it has something new. GIL held, inside python_enter. */
void group_look(void);

#endif
