// The people of examples/home who take part, as its USERS.md and its `.storage/auth` have them.

/** A guest: no administrator. */
export const FRANK = { id: '58c50fbf54e3424a8679b60b36e9c601', name: 'frank', password: 'frank-pass-1', displayName: 'Frank Guest' };

/** May control lights, and what is in the kitchen. */
export const GRACE = { id: 'b211218298de457d88188731bebd4254', name: 'grace', password: 'grace-pass-1', displayName: 'Grace Kitchen' };

/** Is in no group. */
export const HEIDI = { id: '57c20cb62dfc4ad896625dd7dc64a825', name: 'heidi', password: 'heidi-pass-1', displayName: 'Heidi Nogroup' };

/** Login, password and display name are not ASCII. */
export const ZOE = { id: '815eb1c2764a4ef699a7664cf787d481', name: 'zoë', password: 'zoë-päss-1', displayName: 'Zoë Ünïcode 日本' };

/** An administrator. */
export const ALICE = { id: 'da668370958d4e36b44a658ca8c5b1a8', name: 'alice', password: 'alice-pass-1', displayName: 'Alice Admin' };
