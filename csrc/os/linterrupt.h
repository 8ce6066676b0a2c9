/* Ctrl-C as a flag for Lua. */
#ifndef CJ_LINTERRUPT_H
#define CJ_LINTERRUPT_H

#include "../base/compat.h"

/* Adds catch_interrupt, interrupted, restore_interrupt
** and default_interrupt to the table on top of the stack. */
void cj_interrupt_open (lua_State *L);

/* Whether Ctrl-C is caught and has come. */
int cj_interrupt_is_pending (void);

#endif
