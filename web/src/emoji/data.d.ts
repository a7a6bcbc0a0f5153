// What emoji.ts beside the build's settings makes.
declare module 'virtual:emoji' {
  const groups: string[];
  export default groups;
}
