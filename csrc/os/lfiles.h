/* Private files and folders for Lua. */
#ifndef CJ_LFILES_H
#define CJ_LFILES_H

#include "../base/compat.h"

/* Adds read_file, write_private and make_folder to the table on top of the
 * stack. */
void cj_files_open (lua_State *L);

#endif
